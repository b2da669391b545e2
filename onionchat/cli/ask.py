"""Asking the node; or the profile itself, where a command needs no node.

The node answers whether it is there: a socket that nobody listens on is no node. Only
then, and only for commands that can do without, is the passphrase asked for; and only if
nobody has the profile, such as a node that died and is started again in a moment.
"""

from typing import TYPE_CHECKING, Any

from onionchat.cli import prompt
from onionchat.cli.invocation import Invocation
from onionchat.errors import UnreachableError

if TYPE_CHECKING:
    import socket

    from onionchat.paths import Paths
    from onionchat.rpc.client import Client

CONNECT_TIMEOUT = 10.0


def connect(invocation: Invocation) -> "Client":
    """The thin client at `reach`."""
    from onionchat.rpc.client import Client

    return Client(reach(invocation))


def reach(invocation: Invocation) -> "socket.socket":
    """A connection to the running node; NotFoundError, UnreachableError."""
    paths = invocation.existing()
    from onionchat.rpc.client import connected

    try:
        return connected(paths.rpc_socket, CONNECT_TIMEOUT)
    except UnreachableError as nobody:
        raise _in_its_place(paths) or nobody from None


def _in_its_place(paths: "Paths") -> UnreachableError | None:
    """Who has the profile where no node answers."""
    from onionchat.cli.locked import waits
    from onionchat.store.lock import holder

    if waits(paths.unlock_socket):
        return UnreachableError(
            "the node waits for its passphrase", "unlock it with `onionchat unlock`"
        )
    if holder(paths.lock) is not None:
        return UnreachableError(
            "no node answers yet: it is starting, or another command is at work in the profile",
            "try again in a minute; `onionchat down` ends it",
        )
    return None


def ask(invocation: Invocation, method: str, **params: Any) -> Any:
    """What the node answers."""
    with connect(invocation) as client:
        return client.call(method, **params)


def ask_anyway(invocation: Invocation, method: str, **params: Any) -> Any:
    """What the node answers or, without one, the profile opened with its passphrase."""
    try:
        return ask(invocation, method, **params)
    except UnreachableError:
        if _in_use(invocation):
            raise
        invocation.out.detail("no node is running: opening the profile itself")
        phrase = prompt.passphrase(invocation)
    from onionchat.service import offline

    return offline(invocation.existing(), phrase, method, params)


def _in_use(invocation: Invocation) -> bool:
    """Has somebody the profile? Then a passphrase would be asked for in vain."""
    from onionchat.store.lock import holder

    return holder(invocation.existing().lock) is not None
