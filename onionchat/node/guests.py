"""Who knocks at the onion of an invite: the first who brings its token is let in.

Everybody gets the hello that strangers get. The first envelope of a guest is opened on a copy;
only if the invite's token is in it does the handshake's session begin to count, for the contact
that its sender is from then on, and their peer takes over the connection with all that they
have said. Whoever has no token, or comes second, or is blocked, meets silence for a minute, as
a stranger does.
"""

import asyncio
from dataclasses import dataclass

from onionchat.crypto import ratchet
from onionchat.errors import RemoteError
from onionchat.node import greeting, invites
from onionchat.node.connection import Connection
from onionchat.node.peer import Peer
from onionchat.node.peers import Peers
from onionchat.node.profile import Profile
from onionchat.node.room import Room
from onionchat.node.session import Fresh
from onionchat.protocol import padding, records
from onionchat.protocol.events import EnvelopeReceived, PeerBye
from onionchat.protocol.limits import STRANGER_CONNECTIONS, STRANGER_SECONDS
from onionchat.types import IdentityKey


@dataclass(frozen=True)
class Said:
    """The first that came over a connection."""

    wires: tuple[bytes, ...] = ()
    bye: bool = False


class Guests:
    """Of one invite, by its number."""

    def __init__(self, profile: Profile, peers: Peers, invite: int) -> None:
        self._profile = profile
        self._peers = peers
        self._invite = invite
        self._heard = Room(STRANGER_CONNECTIONS)

    async def hear(self, connection: Connection, key: IdentityKey) -> None:
        """Until they are let in and have gone again, or their minute is over."""
        secrets = connection.channel.secrets
        assert secrets is not None
        fresh = greeting.fresh_session(secrets, initiator=False)
        end = asyncio.get_running_loop().time() + STRANGER_SECONDS
        async with self._heard.place(connection.link):
            async with asyncio.timeout_at(end):
                await connection.send(await self._profile.db.run(greeting.hello, None))
                said = await _listen(connection)
                async with connection.attention:
                    token = _token(fresh, said)
            peer = None if token is None else await self._admit(token, key)
            if peer is None:
                async with asyncio.timeout_at(end):
                    while not said.bye:
                        said = await _listen(connection)
        if peer is not None:
            await peer.receive_guest(connection, fresh, said.wires)

    async def _admit(self, token: bytes, key: IdentityKey) -> Peer | None:
        """No time ends this half-way: who is a contact has a peer."""
        profile, now = self._profile, self._profile.clock()
        guest = await profile.change(invites.admit, self._invite, key, token, now)
        if guest is None:
            return None
        await profile.changed(guest.id)
        return self._peers.known(key)


async def _listen(connection: Connection) -> Said:
    while events := await connection.events():
        wires = tuple(event.wire for event in events if isinstance(event, EnvelopeReceived))
        bye = any(isinstance(event, PeerBye) for event in events)
        if wires or bye:
            return Said(wires, bye)
    return Said(bye=True)


def _token(fresh: Fresh, said: Said) -> bytes | None:
    """What the first envelope brings, if it opens and is from a guest."""
    if not said.wires:
        return None
    try:
        opened = ratchet.decrypt(fresh.state, {}, said.wires[0])
        record = records.decode(padding.unpad(opened.padded))
    except RemoteError:
        return None
    return record.token if isinstance(record, records.Guest) else None
