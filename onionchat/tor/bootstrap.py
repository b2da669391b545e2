"""tor's way into the network in plain words, and what it means when it stands still.

tor tells a percent and the name of a step. Up to ENTERED it has not had one answer from
the network, and the percent never falls. A network that refuses connections makes tor
complain; one that swallows them leaves it silent for minutes, and so does a bridge that is
gone. So it is the time without progress that tells, and tor's complaint, where there is
one, only says more.
"""

from onionchat.tor.events import Bootstrap

ENTERED = 15
"""Percent at which a relay has answered: before it nothing was heard from the network."""

PATIENCE = 20.0
"""Seconds without progress until then. A slow network needs five; tor itself warns
after ten failures, which take sixteen."""

NOTHING_TRIED = "starting"

_STEPS = {
    NOTHING_TRIED: "starting",
    "conn_pt": "starting the program that speaks to the bridge",
    "conn_done_pt": "calling the bridge",
    "conn_proxy": "calling the proxy",
    "conn_done_proxy": "calling through the proxy",
    "conn": "calling a relay",
    "conn_done": "waiting for a relay's answer",
    "handshake": "handshaking with a relay",
    "handshake_done": "a relay has answered",
    "onehop_create": "asking for the list of relays",
    "requesting_status": "asking for the list of relays",
    "loading_status": "loading the list of relays",
    "loading_keys": "checking who signed the list of relays",
    "requesting_descriptors": "asking for the keys of the relays",
    "loading_descriptors": "loading the keys of the relays",
    "enough_dirinfo": "enough relays are known",
    "circuit_create": "building a first path through the network",
}
_FIRST_PATH = "calling the first relay of a path"
"""Every other step; tor has eight names for it."""


def step(bootstrap: Bootstrap) -> str:
    """What tor is doing, for somebody who knows nothing of tor."""
    if bootstrap.tag.startswith("ap_"):
        return _FIRST_PATH
    return _STEPS.get(bootstrap.tag) or bootstrap.summary


def standstill(bootstrap: Bootstrap, *, bridges: bool) -> str:
    """The likely cause of no answer for PATIENCE, and the next step."""
    said = _complaint(bootstrap)
    if bridges and bootstrap.tag == NOTHING_TRIED:
        return "the program that speaks to the bridge fails; see why with `onionchat -v up`"
    return f"no answer from the network{f' ({said})' if said else ''}: {_cause(said, bridges)}"


def complaint(bootstrap: Bootstrap) -> str | None:
    """tor's trouble in its own words, which may pass by itself."""
    said = _complaint(bootstrap) or "the other side has hung up"
    return f"{said}; it is tried again by itself" if bootstrap.warning else None


def _cause(said: str | None, bridges: bool) -> str:
    if said == "Network is unreachable":
        return "this machine seems to have no network; connect it, tor goes on by itself"
    if bridges:
        return "the bridge may be gone, or blocked too; try another one, see docs/censorship.md"
    return (
        "it looks as if this network blocks tor; try a bridge: "
        "`onionchat up --bridge ...`, see docs/censorship.md"
    )


def _complaint(bootstrap: Bootstrap) -> str | None:
    """DONE only says that the far end has hung up."""
    return None if bootstrap.warning == "DONE" else bootstrap.warning
