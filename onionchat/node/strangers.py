"""Somebody who is not a contact: may leave one request, and is told nothing.

A stranger gets the hello that everybody gets, without sessions, and never a receipt.
A request travels in one envelope of a session that neither side keeps; whatever else
comes is dropped unread, and after a minute the connection ends. Blocked and rejected
keys are treated alike down to the timing, and their request is not stored. Nothing that a
stranger can see waits for the store: whether something is written, which takes a disk its
time, would say whether they are new here, and whether there is room for requests. So a request
is stored when who left it is gone, or when they stay longer than anybody needs to leave. At most
eight strangers are heard at once; a ninth takes the place of a random one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from onionchat.crypto import ratchet
from onionchat.crypto.handshake import Secrets
from onionchat.errors import RefusedError, RemoteError
from onionchat.node import greeting, requests
from onionchat.node.clock import wait
from onionchat.node.connection import Connection
from onionchat.node.peers import Peers
from onionchat.node.profile import Profile
from onionchat.node.room import Room
from onionchat.protocol import padding, records
from onionchat.protocol.events import EnvelopeReceived, PeerBye
from onionchat.protocol.limits import STRANGER_CONNECTIONS, STRANGER_SECONDS
from onionchat.protocol.records import ContactRequest
from onionchat.types import IdentityKey

PARTING = 2.0
"""Seconds in which who has asked says bye; the honest do at once."""


class Strangers:
    """The connections of people we do not know."""

    def __init__(self, profile: Profile, peers: Peers) -> None:
        self._profile = profile
        self._peers = peers
        self._heard = Room(STRANGER_CONNECTIONS)

    async def hear(self, connection: Connection, key: IdentityKey) -> None:
        """Listen to a stranger until they hang up, or their minute is over, or they are none
        any more."""
        place = self._heard.place(connection.link)  # what has come by then is heard
        async with place, asyncio.timeout(STRANGER_SECONDS):
            with self._peers.stranger(key, connection.link):
                await self._listen(connection, key)

    async def _listen(self, connection: Connection, key: IdentityKey) -> None:
        await connection.send(await self._profile.db.run(greeting.hello, None))
        secrets = connection.channel.secrets
        assert secrets is not None
        said, gone = _envelopes(connection), asyncio.Event()
        async with asyncio.TaskGroup() as storing:
            try:
                async for wire in said:
                    async with connection.attention:
                        request = _read(secrets, wire)
                    if request is not None:
                        storing.create_task(self._store(key, request, gone))
                        break
                async for _ in said:
                    pass
            except (RemoteError, ConnectionError):
                pass  # in here: what escaped the group would come as one, and end the storing
            finally:
                await connection.close()
                gone.set()

    async def _store(self, key: IdentityKey, request: ContactRequest, gone: asyncio.Event) -> None:
        await wait(gone, asyncio.get_running_loop().time() + PARTING)
        with suppress(RefusedError):  # a full disk: it will be offered again
            await self._profile.change(requests.receive, key, request, self._profile.clock())


async def _envelopes(connection: Connection) -> AsyncIterator[bytes]:
    """Until they say bye or hang up."""
    while events := await connection.events():
        for event in events:
            match event:
                case EnvelopeReceived(wire):
                    yield wire
                case PeerBye():
                    return


def _read(secrets: Secrets, wire: bytes) -> ContactRequest | None:
    """The request in an envelope under a session that is not kept."""
    try:
        opened = ratchet.decrypt(ratchet.start_bob(secrets.session), {}, wire)
        record = records.decode(padding.unpad(opened.padded))
    except RemoteError:
        return None
    return record if isinstance(record, ContactRequest) else None
