"""Two people's stores and what is on its way between them; no node, no network, no time.

What nodes do in tasks is done here one transaction after the other, so that a test decides
between any two of them what is lost, how late it is, and who dies. A transaction that was not
committed never was: a crash is a step that is not taken.
"""

import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from onionchat.crypto.identity import Identity
from onionchat.node import expiry, greeting, inbox, outbox
from onionchat.node.clock import wall_clock
from onionchat.node.outbox import Order
from onionchat.node.petname import skeleton
from onionchat.node.session import Fresh
from onionchat.node.withdrawal import withdraw
from onionchat.protocol.channel import Channel
from onionchat.protocol.hello import Hello, Purpose
from onionchat.store import contacts, database, ending, messages, sessions
from onionchat.store import identity as identities
from onionchat.store import outbox as rows
from onionchat.store.contacts import NewContact
from onionchat.store.database import Database
from onionchat.store.ending import Uptime
from onionchat.store.identity import Me
from onionchat.store.models import Gap, Message, Outbox
from onionchat.types import Incarnation, MessageId, Millis, SessionId, StreamId

TEXT = 2
HOUR = 3_600_000


class End:
    """One of the two: a store, and the envelopes that have left it and not arrived."""

    def __init__(self, db: Database, me: Me) -> None:
        self.db = db
        self.me = me
        self.left: list[bytes] = []

    async def do(self, transaction: Callable[..., Any], *values: Any) -> Any:
        return await self.db.run(transaction, *values)


class Pair:
    """Alice, who says everything, and Bob, who confirms it. Both have the same clocks: `wall` is a
    number of hours that the wall clock is ahead, `hours` how long their machines are up."""

    def __init__(self, alice: End, bob: End) -> None:
        self.alice, self.bob = alice, bob
        self.hours = 0
        self.boot = b"boot"
        self.wall = 0
        self.said = 0

    @property
    def uptime(self) -> Uptime:
        return Uptime(self.boot, self.hours * HOUR)

    def clock(self) -> Millis:
        return Millis(wall_clock() + self.wall * HOUR)

    async def say(self, hours: int | None = None) -> MessageId:
        """Queued at Alice's, with that many hours to live."""
        self.said += 1
        return await self.alice.do(_say, f"text {self.said}", hours, self.uptime)  # type: ignore[no-any-return]

    async def connect(self, *, arrives: bool = True) -> None:
        """What was on its way is lost; what was not receipted is on its way again."""
        for end in (self.alice, self.bob):
            if not arrives:
                end.left.clear()
            (use,) = await end.do(_sids)
            order, shared = Order(1, use, None), frozenset({use})
            batch = await end.do(outbox.repeat, order, shared, self.clock(), self.uptime)
            end.left += batch.wires

    async def leave(self) -> None:
        """Alice encrypts and hands over what waits."""
        self.alice.left += await self._take(self.alice, receipts=False)

    async def arrive(self, *, one_by_one: bool = False) -> None:
        """At Bob's, whose receipts are on their way then. He never waits for a number, if the
        envelopes come in the order in which they left."""
        step = 1 if one_by_one else max(1, len(self.alice.left))
        while self.alice.left:
            await self._hear(self.bob, self.alice.left[:step])
            del self.alice.left[:step]
            assert await self.bob.do(gaps) == 0
        self.bob.left += await self._take(self.bob, receipts=True)

    async def arrive_in_any_order(self) -> None:
        """Something before it has not come, so he waits for its number."""
        await self._hear(self.bob, self.alice.left)
        self.alice.left.clear()
        self.bob.left += await self._take(self.bob, receipts=True)

    async def answer(self) -> None:
        """Bob says something, too; his receipts are on their way already, or lost."""
        self.bob.left += await self._take(self.bob, receipts=False, opening=True)

    async def confirm(self) -> None:
        """What Bob has sent arrives."""
        await self._hear(self.alice, self.bob.left)
        self.bob.left.clear()

    async def pass_hours(self, hours: int) -> None:
        """Time passes, and what is over ends."""
        self.hours += hours
        await self.alice.do(self._expire)

    async def cancel(self, message_id: MessageId) -> None:
        await self.alice.do(_cancel, message_id)

    async def quiet(self) -> None:
        """Nothing is lost any more, until nothing is left to do."""
        await self.connect(arrives=False)
        while True:
            await self.leave()
            if not (self.alice.left or self.bob.left):
                return
            await self.arrive()
            await self.confirm()

    async def _hear(self, end: End, wires: list[bytes]) -> None:
        now = self.clock()
        found = await end.do(inbox.receive, 1, wires, None, now)
        assert (found.strays, found.broken, found.violation) == (0, False, None)
        end.left += found.repeat

    async def _take(self, end: End, *, receipts: bool, opening: bool = False) -> list[bytes]:
        (use,) = await end.do(_sids)
        order = Order(1, use, None, (), receipts, opening)
        batch = await end.do(outbox.take, order, self.clock(), self.uptime)
        await end.do(outbox.wrote, batch.rows, self.clock())
        return list(batch.wires)

    def _expire(self) -> None:
        expiry.look(self.clock(), self.uptime, believed=True)


async def pair(directory: Path, stack: AsyncExitStack) -> Pair:
    """Two contacts who have a session in common."""
    people = [Identity.from_seed(secrets.token_bytes(32)) for _ in range(2)]
    ends = [await _end(directory / f"{name}.db", stack) for name in ("alice", "bob")]
    both = Pair(*ends)
    for end, other, name in zip(ends, people[::-1], ("bob", "alice"), strict=True):
        await end.do(_befriend, other, name)
    first, second = _handshake(*people)
    order = Order(1, first.sid, first, opening=True)
    alice, bob = ends
    batch = await alice.do(outbox.take, order, wall_clock(), both.uptime)
    await bob.do(inbox.receive, 1, list(batch.wires), second, wall_clock())
    return both


def _handshake(alice: Identity, bob: Identity) -> tuple[Fresh, Fresh]:
    dials, answers = Channel.dial(alice, bob.key), Channel.answer(bob)
    answers.receive(dials.take())
    dials.receive(answers.take())
    dials.send(Hello(0, Purpose.TALK, Incarnation(b"alice's machine!")))
    answers.receive(dials.take())
    assert dials.secrets is not None
    assert answers.secrets is not None
    return (
        greeting.fresh_session(dials.secrets, initiator=True),
        greeting.fresh_session(answers.secrets, initiator=False),
    )


async def _end(path: Path, stack: AsyncExitStack) -> End:
    with patch.dict(database.SETTINGS, synchronous=0):  # nobody pulls a plug here
        opening = Database.open(path, bytes(32), create=True)
        db = await stack.enter_async_context(await opening)
    me = Me(
        secrets.token_bytes(32),
        StreamId(secrets.token_bytes(8)),
        Incarnation(secrets.token_bytes(16)),
    )
    await db.run(identities.create, me, wall_clock())
    return End(db, me)


def _befriend(other: Identity, name: str) -> None:
    contacts.add(
        NewContact(name, skeleton(name), other.key, "contact", MessageId(bytes(16))), wall_clock()
    )


def _sids() -> list[SessionId]:
    return [row.sid for row in sessions.live(1)]


def _say(text: str, hours: int | None, uptime: Uptime) -> MessageId:
    contact, now = contacts.by_id(1), wall_clock()
    message_id = MessageId(secrets.token_bytes(16))
    shown = messages.add_own(contact.conversation, message_id, text, now)
    end = None if hours is None else expiry.after(hours * 3600, now, uptime)
    rows.queue(contact.device, TEXT, message_id, now, shown, expiry=end)
    return message_id


def _cancel(message_id: MessageId) -> None:
    row = rows.find(message_id)
    assert row is not None
    withdraw(contacts.by_id(1), [ending.open_row(row.id)], "cancelled", wall_clock())


def states() -> dict[str, str]:
    """At Alice's: how far each text has got."""
    found = Outbox.select(Message.text, Outbox.state).join(Message).order_by(Outbox.id)
    return dict(found.tuples())


def shown() -> list[str]:
    """At Bob's: every text, in the order in which it came."""
    return [text for (text,) in Message.select(Message.text).order_by(Message.id).tuples()]


def late() -> list[bool]:
    """At Bob's: whether each is marked as one that came behind others."""
    return [bool(row.late) for row in Message.select(Message.late).order_by(Message.id)]


def gaps() -> int:
    """At Bob's: numbers that he waits for."""
    return int(Gap.select().count())
