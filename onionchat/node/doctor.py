"""Is it me, tor, or them: what a running node can tell when it looks.

Each check is one line: what was looked at, whether it is well, what was found, what to do.
Two of them go out and try: our own address over a fresh circuit, and a contact's, each up
to the proof that the right one answers. The try is made under an identity that was made up
for it, so a contact learns no more than that some stranger has knocked.
"""

import asyncio
import secrets

import msgspec

from onionchat.crypto.identity import Identity
from onionchat.errors import RemoteError
from onionchat.hardening import is_hardened
from onionchat.node.connection import Connection
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import HandshakeDone
from onionchat.protocol.limits import HANDSHAKE_SECONDS
from onionchat.sandbox import layers
from onionchat.tor.dial_errors import DialError
from onionchat.tor.network import Network
from onionchat.tor.status import TorStatus
from onionchat.types import IdentityKey, Place

DIAL_SECONDS = 75.0
"""tor gives up on an onion service after about a minute."""


class Check(msgspec.Struct, frozen=True):
    """`hint` is null where there is nothing to do."""

    check: str
    ok: bool
    detail: str
    hint: str | None = None


async def knock(network: Network, place: Place, key: IdentityKey) -> Check:
    """Does the owner of `key` answer at this place?"""
    deadline = asyncio.get_running_loop().time() + DIAL_SECONDS
    try:
        link = await network.dial(place, secrets.token_hex(16), deadline)
    except DialError as error:
        return Check("reachable", False, error.message, error.hint)
    stranger = Identity.from_seed(secrets.token_bytes(32))
    connection = Connection(link, Channel.dial(stranger, key), stranger.key)
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await connection.flush()
            await connection.expect(HandshakeDone)
    except RemoteError:
        return Check(
            "reachable",
            False,
            "somebody answers, and not as the owner of this address",
            "it may be busy: try again; if it stays so, do not use this address",
        )
    except (ConnectionError, TimeoutError):
        return Check(
            "reachable",
            False,
            "the onion service is there, but onionchat does not answer behind it",
            "it may be full or just ending: try again in a minute",
        )
    finally:
        await connection.close()
    return Check("reachable", True, "it answers, over a fresh path through Tor")


def of_tor(status: TorStatus) -> list[Check]:
    """What tor says of itself."""
    doing = f"{status.state}, {status.bootstrap} %" + (f": {status.step}" if status.step else "")
    return [
        Check("tor", status.state == "ready", f"version {status.version or 'unknown'}, {doing}")
        if status.state == "ready"
        else Check("tor", False, doing, "wait, or look at the warning below"),
        Check("warning", False, status.warning, "see docs/censorship.md if Tor is blocked here")
        if status.warning
        else Check("warning", True, "tor warns of nothing"),
    ]


def of_process() -> list[Check]:
    """Whether the node's memory is its own, and what it has given up."""
    return [_memory(), *(_layer(layer) for layer in layers.active())]


def _memory() -> Check:
    if is_hardened():
        return Check("hardening", True, "no core dumps, and no other program reads the memory")
    return Check(
        "hardening", False, "other programs may read the node's memory", "report this: it is a bug"
    )


def _layer(layer: layers.Layer) -> Check:
    """A weaker one is what the person chose: there is nothing to mend."""
    return Check(layer.name, layer.state != "missing", f"{layer.state}: {layer.detail}", layer.hint)
