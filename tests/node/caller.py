"""Somebody who dials a node by hand, and may say what no honest node says.

`call` is a link to somebody's door with a channel on it; `greet` goes through the honest
handshake; `silence` is all that is said until the other side hangs up. `Contents` is every
row of a store: what a caller did not change compares equal.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from onionchat.crypto import ratchet
from onionchat.crypto.handshake import Secrets
from onionchat.crypto.identity import Identity
from onionchat.crypto.ratchet_state import State
from onionchat.node.connection import Connection
from onionchat.protocol import padding, records
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Envelope, HandshakeDone, PeerHello
from onionchat.protocol.hello import Hello, Listed, Purpose
from onionchat.protocol.records import ContactRequest, Known
from onionchat.store.models import MODELS
from onionchat.tor.link import Link, StreamLink, connect
from onionchat.types import Incarnation, MessageId, Millis, StreamId
from tests.node.street import Home, Street

STREAM = StreamId(b"a stream")
Contents = dict[str, list[tuple[object, ...]]]


@asynccontextmanager
async def knock(street: Street, home: Home) -> AsyncIterator[StreamLink]:
    """A bare link to the door."""
    link = await connect(street.served[home.identity.service_id])
    try:
        yield link
    finally:
        await link.close()


@asynccontextmanager
async def call(street: Street, home: Home, me: Identity) -> AsyncIterator[Connection]:
    """A link with a channel that is ready to dial; nothing has been written."""
    async with knock(street, home) as link:
        yield Connection(link, Channel.dial(me, home.identity.key), me.key)


async def greet(connection: Connection, *sessions: Listed) -> Hello:
    """The whole handshake; the hello that came back."""
    await connection.flush()
    await connection.expect(HandshakeDone)
    await connection.send(Hello(0, Purpose.TALK, Incarnation(b"caller's machine"), sessions))
    return (await connection.expect(PeerHello)).hello


async def silence(link: Link) -> bytes:
    """Everything that still comes, until the other side has hung up."""
    heard = b""
    while data := await link.read():
        heard += data
    return heard


class Speech:
    """The envelopes of the session that a connection's handshake starts."""

    def __init__(self, connection: Connection) -> None:
        self._state: State = ratchet.start_alice(secrets_of(connection).session)

    def envelope(self, record: Known) -> Envelope:
        return self.raw(padding.pad(records.encode(record)))

    def raw(self, padded: bytes) -> Envelope:
        self._state, wire = ratchet.encrypt(self._state, padded)
        return Envelope(wire)


def secrets_of(connection: Connection) -> Secrets:
    assert connection.channel.secrets is not None
    return connection.channel.secrets


def request(text: str = "it is me", number: int = 1) -> ContactRequest:
    return ContactRequest(MessageId(number.to_bytes(16)), STREAM, 1, Millis(0), None, text)


async def contents(home: Home) -> Contents:
    """Every row of every table."""
    assert home.profile is not None
    return await home.profile.db.run(_rows)


def _rows() -> Contents:
    return {model.__name__: list(model.select().tuples()) for model in MODELS}
