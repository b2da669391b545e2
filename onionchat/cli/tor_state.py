"""tor's state as one line for somebody who knows nothing of tor: `up` and `status` show it."""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "starting": "starting",
    "bootstrapping": "connecting to the network, {bootstrap} %",
    "ready": "connected to the network",
    "degraded": "connected, but the network does not answer at the moment",
    "lost": "not reachable",
}


def sentence(tor: Mapping[str, Any]) -> str:
    """From the fields of `status` and of the events: state, bootstrap, step, warning."""
    state = tor["state"]
    words = _WORDS[state].format(bootstrap=tor["bootstrap"]) if state in _WORDS else state
    step = f" ({tor['step']})" if tor["step"] else ""
    warning = f": {tor['warning']}" if tor["warning"] else ""
    return f"{words}{step}{warning}"
