"""Somebody who is not a contact: may leave one request, and is told nothing.

A stranger gets the hello that everybody gets, without sessions, and never a receipt.
A request travels in one envelope of a session that neither side keeps; whatever else
comes is dropped unread, and after a minute the connection ends. Blocked and rejected
keys are treated alike down to the timing, and their request is not stored. At most
eight strangers are heard at once; a ninth takes the place of a random one.
"""

import asyncio

from onionchat.crypto import ratchet
from onionchat.crypto.handshake import Secrets
from onionchat.errors import RemoteError
from onionchat.node import greeting, requests
from onionchat.node.connection import Connection
from onionchat.node.peers import Peers
from onionchat.node.profile import Profile
from onionchat.node.room import Room
from onionchat.protocol import padding, records
from onionchat.protocol.events import EnvelopeReceived, PeerBye
from onionchat.protocol.limits import STRANGER_CONNECTIONS, STRANGER_SECONDS
from onionchat.protocol.records import ContactRequest
from onionchat.types import IdentityKey


class Strangers:
    """The connections of people we do not know."""

    def __init__(self, profile: Profile, peers: Peers) -> None:
        self._profile = profile
        self._peers = peers
        self._heard = Room(STRANGER_CONNECTIONS)

    async def hear(self, connection: Connection, key: IdentityKey) -> None:
        """Listen to a stranger until they hang up, or their minute is over, or they are none
        any more."""
        place = self._heard.place(connection.link)
        async with place, asyncio.timeout(STRANGER_SECONDS):
            with self._peers.stranger(key, connection.link):
                await self._listen(connection, key)

    async def _listen(self, connection: Connection, key: IdentityKey) -> None:
        await connection.send(await self._profile.db.run(greeting.hello, None))
        secrets = connection.channel.secrets
        assert secrets is not None
        while events := await connection.events():
            for event in events:
                match event:
                    case EnvelopeReceived(wire):
                        await self._request(key, secrets, wire)
                    case PeerBye():
                        return

    async def _request(self, key: IdentityKey, secrets: Secrets, wire: bytes) -> None:
        record = _read(secrets, wire)
        if isinstance(record, ContactRequest):
            await self._profile.change(requests.receive, key, record, self._profile.clock())


def _read(secrets: Secrets, wire: bytes) -> records.Record | None:
    """What an envelope says under a session that is not kept; None if it says nothing."""
    try:
        opened = ratchet.decrypt(ratchet.start_bob(secrets.session), {}, wire)
        return records.decode(padding.unpad(opened.padded))
    except RemoteError:
        return None
