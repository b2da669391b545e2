"""A peer with calls that wait: what a test drives. It reads only while something waits for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tests.second import records
from tests.second.connection import Connection as NodeConnection
from tests.second.handshake import Keys
from tests.second.node import Node
from tests.second.primitives import ProtocolError
from tests.second.ratchet import Ratchet
from tests.second.records import Record
from tests.second.state import ASKED, CONTACT, Event, Session


class Closed(Exception):  # noqa: N818
    """The connection has ended, with a bye or without."""


class Connection:
    """One connection after both hellos. Nothing is read but by `receive` and `receipt_for`."""

    def __init__(self, node: Node, inner: NodeConnection) -> None:
        self._node, self._inner = node, inner
        self._reading = asyncio.Lock()
        self._records: list[Record] = []
        self.peer_key = inner.peer.key
        self.said_bye = False  # the peer did

    @property
    def keys(self) -> Keys:
        return self._inner.keys

    @property
    def session(self) -> bytes | None:
        """The sid of the session in use."""
        return self._inner.session.sid if self._inner.session else None

    @property
    def initiator(self) -> bool:
        return self._inner.initiator

    async def send_text(self, text: str) -> bytes:
        """The message ID. What cannot leave yet (R before I's first envelope) leaves later."""
        message_id = self._node.send_text(self.peer_key, text)
        await self._drain()
        return message_id

    async def send_request(self, text: str) -> None:
        """On an own dial to somebody who is no contact. Later dials repeat it with its ID."""
        peer, inner = self._inner.peer, self._inner
        if peer.status == CONTACT:
            raise ValueError("a contact already")
        if peer.status == ASKED:
            return  # offered by the dial
        self._node.ask(self.peer_key, text)
        assert peer.request is not None
        inner.session = self._new_session()
        inner.send_record(peer.request)
        inner.session = None  # neither side keeps it
        await self._drain()

    async def send_accept(self) -> bytes:
        """On an own dial; somebody who is no contact becomes one. The message ID."""
        peer, inner = self._inner.peer, self._inner
        for out in peer.outbox:
            if out.record.tag == records.ACCEPT:
                await self._drain()
                return out.record.id
        if peer.status == CONTACT:
            raise ValueError("nothing to accept")
        session = self._new_session()
        self._node.accept_request(self.peer_key)
        inner.stranger, inner.session = False, session
        peer.sessions.insert(0, session)
        out = peer.outbox[0]
        out.sid, out.wire, out.written = session.sid, inner.send_record(out.record), True
        peer.sending_on = inner.number
        await self._drain()
        return out.record.id

    def _new_session(self) -> Session:
        if not self._inner.initiator or self._inner.session is not None:
            raise ValueError("only an own dial starts a session, and only one")
        return Session(self.keys.sid, Ratchet.alice(self.keys))

    async def receive(self) -> Record:
        """The next new record: Text, Accept, ContactRequest ... but no Receipt and no Empty."""
        while not self._records:
            await self._read(lambda: bool(self._records))
        return self._records.pop(0)

    async def receipt_for(self, message_id: bytes) -> None:
        """Returns when the peer has receipted that message."""
        while not self._node.delivered(message_id):
            await self._read(lambda: self._node.delivered(message_id))

    def ping(self, data: bytes = b"") -> None:
        self._inner.ping(data)

    async def bye(self) -> None:
        """Receipts that are due, a bye, and the end."""
        if not self._inner.over:
            self._inner.bye()
        await self._drain()
        await self.abort()

    async def abort(self) -> None:
        """The end without a bye, as if the network broke."""
        self._close()
        with suppress(OSError):
            await self._inner.writer.wait_closed()

    def write_raw(self, kind: int, payload: bytes) -> None:
        """A frame of the caller's making, for hostile tests."""
        self._inner.write(kind, payload)

    async def _read(self, done: Callable[[], bool]) -> None:
        """One frame, unless somebody else who waits has read what is waited for."""
        async with self._reading:
            if done():
                return
            if self.said_bye or self._inner.over:
                raise Closed
            before = len(self._node.events)
            try:
                kind, payload = await self._inner.read_frame()
                self.said_bye = not self._inner.frame(kind, payload)
            except (ProtocolError, OSError, EOFError) as error:
                self._close()
                raise Closed from error
            for event in self._node.events[before:]:
                if event.kind in ("message", "request") and event.record is not None:
                    self._records.append(event.record)
            await self._drain()
            if self.said_bye:
                self._close()

    async def _drain(self) -> None:
        try:
            await self._inner.writer.drain()
        except OSError:
            self._close()

    def _close(self) -> None:
        self._inner.over = True
        if self._inner in self._inner.peer.connections:
            self._inner.peer.connections.remove(self._inner)
        self._inner.writer.close()


class Peer:
    """An identity with its contacts and sessions in memory, over all its connections."""

    def __init__(self, seed: bytes) -> None:
        self.node = Node(seed)
        self.key, self.address = self.node.me.key, self.node.me.address

    def add_contact(self, key: bytes) -> None:
        """An accepted contact from the start, as both of section 10 are."""
        self.node.add_contact(key)

    def is_contact(self, key: bytes) -> bool:
        return self.node.peer(key).status == CONTACT

    def sessions(self, key: bytes) -> list[tuple[bytes, int, int]]:
        """(sid, sent, rcvd) of the sessions that a hello would list, newest first."""
        return [(row.sid, row.sent, row.rcvd) for row in self.node.peer(key).rows()]

    def events(self, kind: str) -> list[Event]:
        return [e for e in self.node.events if e.kind == kind]

    async def dial(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer_key: bytes
    ) -> Connection:
        return Connection(self.node, await self.node.dial(peer_key, reader, writer))

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Connection:
        return Connection(self.node, await self.node.answer(reader, writer))
