"""What a service manager is told, in sd_notify(3)'s form: a datagram to $NOTIFY_SOCKET.

READY=1 means that `up` has done what it can do by itself: the node answers or, with
`--wait-unlock`, waits for its passphrase. It does not mean that the address is published:
no trouble of tor's keeps the node from working, so none keeps what depends on it from
starting. How far it is stands in the status.
"""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from onionchat.cli.detach import Report

_STATES = {
    "locked": "READY=1\nSTATUS=locked: waits for `onionchat unlock`",
    "unlocked": "READY=1\nSTATUS=unlocked: can be used, is not published yet",
    "ready": "STATUS=ready: can be reached",
}


def told(report: Report, environ: MutableMapping[str, str]) -> Report:
    """The same report; the service manager hears of it too, if there is one.

    The variable is taken away: tor would use it as well.
    """
    address = environ.pop("NOTIFY_SOCKET", "")

    def both(said: dict[str, Any]) -> None:
        if address and said["event"] in _STATES:
            _notify(address, _STATES[said["event"]])
        report(said)

    return both


def _notify(address: str, state: str) -> None:
    """A manager that does not listen is no reason to stop."""
    name = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(os.fsencode(state), name)
