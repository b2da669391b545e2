"""A greeted connection with a contact: one task listens, one speaks, one keeps it alive.

Both sides may have dialled at once, so a contact can have several connections. All of
them listen; only the preferred one speaks (protocol 3), and the others close once they
are quiet. A connection that becomes the preferred one first repeats everything that was
written and never receipted: what a broken connection swallowed is on its way again at
once, and what did arrive is recognised by its digest.

A receipt leaves on the connection that brought the message. On another, which may be dead
without anybody knowing yet, it would be lost while the one that its author watches lives
on: they would wait for days (seen in a simulated one). For the same reason the receipts that
may not have come are repeated when another connection has ended.

Whether anybody is still there is keepalive.py's to find out; what should have been receipted
long ago, overdue.py's.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Never

from onionchat.errors import RefusedError, RemoteError
from onionchat.node import inbox, outbox
from onionchat.node.clock import pause, wait
from onionchat.node.connection import Connection
from onionchat.node.greeting import Standing
from onionchat.node.inbox import Outcome
from onionchat.node.keepalive import KeepAlive
from onionchat.node.outbox import Batch, Order
from onionchat.node.overdue import Overdue
from onionchat.node.session import set_aside
from onionchat.protocol.events import (
    Bye,
    Envelope,
    EnvelopeReceived,
    Frame,
    PeerBye,
    Ping,
    Pinged,
    Pong,
)
from onionchat.protocol.limits import (
    RECEIPT_AFTER_MESSAGES,
    RECEIPT_DELAY_SECONDS,
    STRAY_ENVELOPES,
)
from onionchat.store.contacts import Gone
from onionchat.types import SessionId

if TYPE_CHECKING:
    from onionchat.node.peer import Peer

ANSWER = 20.0
"""Seconds after messages were written in which something should come back: a receipt leaves
within 0.3 s, and comes before the rest of a batch has crossed a slow path."""
REPLIES = 1024
"""Answers that may wait for their moment, or for a peer to read: two windows of envelopes."""
REST = 3.0
"""Times as long as it took to take in what a contact said, we do not listen to them, while
others are there too: whoever floods gets a quarter of this node's time. What a real Tor carries
takes less."""
LONGEST_REST = 1.0
"""Seconds; a disk that stood still must not make a connection look dead."""
PIECE = 128 * 1024
"""Bytes handed to the link at once, so that a ping is never behind megabytes."""

_random = random.SystemRandom()


class _Over(Exception):  # noqa: N818 - not an error: the connection has ended
    """Ends all three tasks."""


class Talk:
    """One of a peer's connections. `run` returns when it is over, for whatever reason. `said`:
    envelopes that came over it before."""

    def __init__(
        self, peer: "Peer", connection: Connection, standing: Standing, said: Sequence[bytes] = ()
    ) -> None:
        self.connection = connection
        self._peer = peer
        self._profile = peer.profile
        self._standing = standing
        self._said = list(said)
        self._fresh = standing.fresh
        self._opening = standing.fresh is not None and standing.fresh.role == "alice"
        self._repeated = self._opening
        self._strays = 0
        self._replies: list[Frame] = []
        self._asked = True
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._alive = KeepAlive(self)
        self._receipts_at: float | None = asyncio.get_running_loop().time()
        self._replies_at: float | None = None
        self._answer_by: float | None = None
        self._again = False
        self._overdue = Overdue()
        self._missing = False
        self.said_bye = False
        self.good = False
        """Something new came, or it lasted."""
        self.refused: RefusedError | None = None
        """It ended because our disk takes nothing."""

    async def run(self) -> None:
        """Whatever ends one of the three tasks ends all. None of it leaves the group as an
        error: a group that fails while it is cancelled from outside drops the cancellation
        (Python 3.11), and a node that stops would wait for this connection for ever."""
        parts = (self._listen, self._speak, self._keep_alive)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._until_over(part)) for part in parts]
            await self._over.wait()
            for task in tasks:
                task.cancel()

    async def _until_over(self, part: Callable[[], Awaitable[Never]]) -> None:
        try:
            await part()
        except (_Over, RemoteError, ConnectionError, Gone):
            pass
        except RefusedError as error:  # a full disk: nothing was accepted, so it comes again
            self.refused = error
        finally:
            self._over.set()

    @property
    def shared(self) -> frozenset[SessionId]:
        """Sessions that the other end of this connection is known to have, or will."""
        return self._standing.shared

    def end(self) -> None:
        self._over.set()

    def doubt(self) -> None:
        """The machine has slept, and the other side, or tor, may have given us up."""
        self._alive.doubt()

    def say_again(self) -> None:
        """Another connection has ended, and receipts with it that nobody asks for any more: what
        they answer came over this one."""
        self._again = True
        self._wake.set()

    def wake(self) -> None:
        """Something may have to be said, or another connection has become the preferred one."""
        self._asked = True
        self._wake.set()

    @property
    def speaks(self) -> bool:
        """Is it the one of this contact's connections on which messages leave?"""
        return self._peer.preferred is self

    async def ping(self) -> None:
        self._must_be_open()
        await self.connection.send(Ping(secrets.token_bytes(8)))

    async def lasted(self) -> None:
        """It has, for a minute or so: has everything been receipted that was written then?"""
        self.good = True
        if self.speaks and self._overdue.asks():
            now = self._profile.uptime()
            oldest = await self._profile.db.run(outbox.oldest, self._peer.contact, now)
            if self._overdue.look(oldest):
                self._missing = True
                self._wake.set()

    async def _listen(self) -> Never:
        if self._said:
            await self._take_in(self._said)
        while events := await self.connection.events():
            self._alive.heard()
            self._answer_by = None
            wires = [event.wire for event in events if isinstance(event, EnvelopeReceived)]
            if wires:
                await self._take_in(wires)
            for event in events:
                match event:
                    case Pinged(data):
                        self._reply(Pong(data))
                    case PeerBye():
                        self.said_bye = True
                        raise _Over
            await self._rest()
        raise _Over

    async def _rest(self) -> None:
        live = self._profile.live
        if live is not None and live.online_count() > 1:
            took = asyncio.get_running_loop().time() - self.connection.came_in
            await pause(min(REST * took, LONGEST_REST))

    async def _take_in(self, wires: list[bytes]) -> None:
        found = await self._profile.change(
            inbox.receive, self._peer.contact, wires, self._fresh, self._profile.clock()
        )
        if found.stored_fresh:
            self._fresh = None
        self._reply(*map(Envelope, found.repeat))
        self.owe_receipts(found.due)
        if found.unblocked:
            (self._peer.preferred or self).wake()
        if found.begun and self._profile.live is not None:
            self._profile.live.expires()
        self.good |= found.news
        self._peer.heard(found, self)
        await self._judge(found)

    def owe_receipts(self, due: int) -> None:
        """So many records need a receipt. It leaves on the connection that brought the last of
        them: that one works, and their author looks out for it there."""
        if due >= RECEIPT_AFTER_MESSAGES:
            self._receipts_at = asyncio.get_running_loop().time()
        elif due:
            self._receipts_at = _in_a_moment(self._receipts_at)
        self._wake.set()

    def _reply(self, *frames: Frame) -> None:
        """To be written by the one who speaks: who listens must never wait for the peer to
        read, or two who both have much to say would wait for each other for ever."""
        self._replies.extend(frames)
        if len(self._replies) > REPLIES:
            raise RemoteError("the peer asks for more answers than may wait")
        if frames:
            self._replies_at = _in_a_moment(self._replies_at)
            self._wake.set()

    async def _judge(self, found: Outcome) -> None:
        self._strays += found.strays
        broken = found.broken or self._strays >= STRAY_ENVELOPES
        if self._strays >= STRAY_ENVELOPES:
            await self._profile.change(set_aside, self._standing.use, "broken")
        if broken or found.consent:
            await self._leave()
        if found.violation is not None:
            raise RemoteError(found.violation)

    async def say_bye(self) -> None:
        """The last word, unless it was said before."""
        if not self.said_bye:
            self.said_bye = True
            await self.connection.send(Bye())

    async def _leave(self) -> Never:
        await self.say_bye()
        raise _Over

    def _must_be_open(self) -> None:
        """Another task may have said bye while this one waited, and nothing may follow that."""
        if self.said_bye:
            raise _Over

    async def _speak(self) -> Never:
        written: tuple[int, ...] = ()
        while True:
            self._wake.clear()
            if _is_due(self._replies_at):
                replies, self._replies, self._replies_at = self._replies, [], None
                self._must_be_open()
                await self.connection.send(*replies)
            if self.speaks or self._opening:
                if written or self._has_reason():
                    async with self._peer.speaking:
                        batch = await self._what_waits(written)
                    await self._write(batch.wires)
                    written = batch.rows
                    self._expect_answer(written)
                else:
                    await self._until_asked()
            else:
                self._repeated, self._asked = False, True  # what another writes may be lost
                if written:
                    await self._profile.change(outbox.wrote, written, self._profile.clock())
                    written = ()
                if _is_due(self._receipts_at):
                    async with self._peer.speaking:
                        batch = await self._take(self._order((), receipts_only=True))
                    await self._write(batch.wires)
                else:
                    await self._until_asked()

    def _expect_answer(self, written: tuple[int, ...]) -> None:
        if written:
            self._overdue.wrote()
            self._answer_by = self._answer_by or asyncio.get_running_loop().time() + ANSWER

    async def _until_asked(self) -> None:
        """There may be something to say, or what should have been answered was not."""
        moments = (self._receipts_at, self._replies_at, self._answer_by)
        due = [moment for moment in moments if moment is not None]
        await wait(self._wake, min(due, default=None))
        if self._answer_by is not None and self._answer_by <= asyncio.get_running_loop().time():
            self._answer_by = None
            self.doubt()

    def _has_reason(self) -> bool:
        """Is there anything to look for in the store?"""
        again = self._again or self._missing or not self._repeated
        return again or self._asked or self._opening or _is_due(self._receipts_at)

    async def _what_waits(self, written: tuple[int, ...]) -> Batch:
        """One batch; the outbox rows in it are marked as sent with the next one."""
        profile = self._profile
        now = profile.clock(), profile.uptime()
        if not self._repeated:
            self._repeated = True
            order = Order(self._peer.contact, self._standing.use, self._fresh)
            return await profile.change(outbox.repeat, order, self._standing.shared, *now)
        if self._again and not written:
            self._again = False
            return await profile.db.run(
                outbox.unanswered, self._peer.contact, self._standing.shared
            )
        if self._missing and not written:
            self._missing = False
            contact, shared = self._peer.contact, self._standing.shared
            return await profile.db.run(outbox.missing, contact, shared, profile.uptime())
        self._asked = False
        return await self._take(self._order(written))

    async def _take(self, order: Order) -> Batch:
        profile = self._profile
        now = profile.clock(), profile.uptime()
        batch = await profile.change(outbox.take, order, *now)
        self._opening = False
        if batch.wires:
            self._fresh = None
        return batch

    def _order(self, written: tuple[int, ...], *, receipts_only: bool = False) -> Order:
        due = _is_due(self._receipts_at)
        if due:
            self._receipts_at = None
        use, fresh = self._standing.use, self._fresh
        return Order(self._peer.contact, use, fresh, written, due, self._opening, receipts_only)

    async def _write(self, wires: Sequence[bytes]) -> None:
        channel, size = self.connection.channel, 0
        for wire in wires:
            self._must_be_open()
            channel.send(Envelope(wire))
            size += len(wire)
            if size >= PIECE:
                await self.connection.flush()
                size = 0
        await self.connection.flush()

    async def _keep_alive(self) -> Never:
        if await self._alive.run():
            await self.say_bye()
        raise _Over


def _in_a_moment(before: float | None) -> float:
    """When what answers a contact is to leave. At once it would tell them how busy we are, and
    with whom else (docs/decisions/0012)."""
    if before is not None:
        return before
    return asyncio.get_running_loop().time() + _random.uniform(*RECEIPT_DELAY_SECONDS)


def _is_due(moment: float | None) -> bool:
    return moment is not None and moment <= asyncio.get_running_loop().time()
