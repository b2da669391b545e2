"""A contact who keeps to no rule: what they break is their own conversation and no other.

Bob is a friend, and is played by hand. Carol is another one, and must not feel it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from onionchat.node.connection import Connection
from onionchat.node.greeting import NO_COMMON_SESSION, ROLLED_BACK_ME
from onionchat.protocol.events import Bye, Envelope
from onionchat.protocol.hello import Listed
from onionchat.protocol.limits import LARGEST_UINT, RECEIPT_IDS, RETIRED_SESSIONS
from onionchat.protocol.records import Empty, Receipt, Text, Withdrawn
from onionchat.store.models import Gap, Message, Outbox, Seen, Session
from onionchat.types import MessageId, Millis, SessionId, StreamId
from tests.node.caller import STREAM, Speech, call, greet, silence
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")

U64 = (1 << 64) - 1


@dataclass
class Village:
    """Alice is up. Carol is away, and a text waits for her."""

    street: Street
    alice: Home
    bob: Home
    carol: Home

    @asynccontextmanager
    async def playing(
        self, home: Home, *listed: Listed
    ) -> AsyncIterator[tuple[Connection, Speech]]:
        """A greeted connection, and the session that it starts; it is over when Alice is."""
        async with call(self.street, self.alice, home.identity) as caller:
            await greet(caller, *listed)
            yield caller, Speech(caller)
            await caller.send(Bye())
            await silence(caller.link)

    async def heard(self) -> list[tuple[str, int | None, bool]]:
        """From Bob: a text, how many are missing right before it, whether it is late."""
        rows = await self.alice("receive", name="bob")
        return [(row.text, row.missing, row.late) for row in rows if row.kind == "text"]

    async def notices(self) -> list[str]:
        rows = await self.alice("receive")
        return [row.text for row in rows if row.kind == "notice"]


def play(tmp_path: Path, scene: Callable[[Village], Awaitable[None]]) -> None:
    """A scene, and after it the talk with Carol and the true Bob goes on."""

    async def whole() -> None:
        street = Street()
        alice, bob, carol = (Home(name, tmp_path, street) for name in ("alice", "bob", "carol"))
        async with asyncio.timeout(60), alice.up(dial=False):
            for other in (bob, carol):
                async with other.up():
                    await befriend(alice, other)
                    await say(other, "alice", "before")
                    await say(alice, other.name, "before")
            await alice("receive.ack", cursors=[row.cursor for row in await alice("receive")])
            await alice("send", name="carol", text="meanwhile")
            await scene(Village(street, alice, bob, carol))
            for other in (bob, carol):
                async with other.up():
                    await say(other, "alice", "after")
                    await say(alice, other.name, "after")
                    rows = await other("receive")
            heard = [(row.text, row.missing) for row in rows if row.kind == "text"]
            assert heard == [("before", 0), ("meanwhile", 0), ("after", 0)]

    asyncio.run(whole())


async def say(home: Home, name: str, text: str) -> None:
    sent = await home("send", name=name, text=text, wait="delivered", timeout=30)
    assert sent.state == "delivered"


def head(seq: int, clock: int = 0) -> tuple[MessageId, StreamId, int, Millis, None]:
    return MessageId(secrets.token_bytes(16)), STREAM, seq, Millis(clock), None


def text(seq: int, words: str, clock: int = 0) -> Text:
    return Text(*head(seq, clock), words)


def test_receipts_for_what_never_came_confirm_nothing(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        alice = village.alice
        async with village.playing(village.carol) as (caller, speech):  # who then loses it
            await caller.send(speech.envelope(Empty()))
            await alice.until(Outbox.select().where(Outbox.state == "sent").exists)
        ids = [bytes.fromhex(row.id) for row in await alice("outbox.list")]
        ids += [secrets.token_bytes(16) for _ in range(RECEIPT_IDS - len(ids))]
        receipt = Receipt(tuple(MessageId(message_id) for message_id in ids))
        await alice("send", name="bob", text="which he does not confirm")
        async with village.playing(village.bob) as (caller, speech):
            await caller.send(*(speech.envelope(receipt) for _ in range(100)))
        rows = await alice("outbox.list")
        assert [(row.contact, row.state) for row in rows] == [("carol", "sent"), ("bob", "sent")]

    play(tmp_path, scene)


def test_old_envelopes_again_and_again_are_shown_once(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        envelopes: list[Envelope] = []
        async with village.playing(village.bob) as (caller, speech):
            envelopes += [speech.envelope(text(seq, str(seq))) for seq in (1, 2)]
            await caller.send(*envelopes)
        accepted = await village.alice.change(Seen.select().count)
        for _ in range(5):
            async with village.playing(village.bob) as (caller, _):
                await caller.send(*envelopes * 100)
        assert await village.heard() == [("1", 0, False), ("2", 0, False)]
        assert await village.alice.change(Seen.select().count) == accepted

    play(tmp_path, scene)


def test_an_id_that_somebody_else_has_used_takes_no_place(tmp_path: Path) -> None:
    """An ID is its author's own: whatever Bob calls his, Carol's are shown, and once."""

    async def scene(village: Village) -> None:
        hers = text(1, "from Carol")
        his = replace(hers, text="from Bob")
        for home, said in ((village.bob, his), (village.carol, hers)):
            async with village.playing(home) as (caller, speech):
                await caller.send(*map(speech.envelope, (said, said)))
        shown = await village.alice("receive")
        assert [(row.contact, row.text) for row in shown if row.kind == "text"] == [
            ("bob", "from Bob"),
            ("carol", "from Carol"),
        ]

    play(tmp_path, scene)


def test_what_one_contact_wrote_is_nothing_when_another_brings_it(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        async with village.playing(village.bob) as (caller, speech):
            await caller.send(speech.envelope(text(1, "his first")))
            await village.alice.until(Message.select().where(Message.text == "his first").exists)
            second = speech.envelope(text(2, "his second"))
            async with village.playing(village.carol) as (hers, _):
                await hers.send(second)
            await caller.send(second)
        shown = await village.alice("receive")
        assert [(row.contact, row.text) for row in shown if row.kind == "text"] == [
            ("bob", "his first"),
            ("bob", "his second"),
        ]

    play(tmp_path, scene)


def test_numbers_that_jump_are_gaps_and_nothing_waits_for_them(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        said = [text(LARGEST_UINT, "far"), text(1, "near"), text(5, "between"), text(5, "the same")]
        async with village.playing(village.bob) as (caller, speech):
            await caller.send(*map(speech.envelope, said))
        assert await village.heard() == [
            ("far", LARGEST_UINT - 6, False),
            ("near", 0, True),
            ("between", 3, True),
            ("the same", 3, True),
        ]

    play(tmp_path, scene)


def test_many_gaps_are_closed_by_one_record_that_takes_back_everything(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        end = 4000
        async with village.playing(village.bob) as (caller, speech):
            said = [text(number, "one in ten") for number in range(10, end + 1, 10)]
            await caller.send(*map(speech.envelope, said))
        assert await village.alice.change(Gap.select().count) == end / 10
        async with village.playing(village.bob) as (caller, speech):
            await caller.send(speech.envelope(Withdrawn(*head(1), 5, end - 5)))
        gaps = await village.alice.change(lambda: [(it.first, it.last) for it in Gap.select()])
        assert gaps == [(2, 4), (end - 4, end - 1)]

    play(tmp_path, scene)


def test_sessions_that_never_were_start_new_ones_and_stay_few(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        others = await village.alice.change(sids)
        for number in range(1, 2 * RETIRED_SESSIONS):
            never = [SessionId(secrets.token_bytes(16)) for _ in range(3)]
            listed = [Listed(sid, U64, U64) for sid in (*never, *others["carol"])]
            async with village.playing(village.bob, *listed) as (caller, speech):
                await caller.send(speech.envelope(text(number, str(number))))
        assert len(await village.heard()) == 2 * RETIRED_SESSIONS - 1
        assert await village.notices() == [NO_COMMON_SESSION]
        now = await village.alice.change(sids)
        assert now["carol"] == others["carol"]
        assert len(now["bob"]) <= RETIRED_SESSIONS + 1

    play(tmp_path, scene)


def sids() -> dict[str, list[SessionId]]:
    """The sessions with each of the two, whatever their state; Bob was befriended first."""
    found: dict[str, list[SessionId]] = {"bob": [], "carol": []}
    for device, sid in Session.select(Session.device, Session.sid).order_by(Session.id).tuples():
        found["bob" if device == 1 else "carol"].append(SessionId(sid))
    return found


def test_counters_that_lie_about_a_session_only_end_it(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        before = await village.alice.change(sids)
        for number in range(1, 6):
            sid = (await village.alice.change(sids))["bob"][-1]
            async with village.playing(village.bob, Listed(sid, U64, U64)) as (caller, speech):
                await caller.send(speech.envelope(text(number, str(number))))
        assert [row[:2] for row in await village.heard()] == [(str(n), 0) for n in range(1, 6)]
        assert await village.notices() == [ROLLED_BACK_ME]
        assert (await village.alice.change(sids))["carol"] == before["carol"]

    play(tmp_path, scene)


def test_a_clock_of_any_time_is_shown_or_left_out(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        clocks = {
            0: "1970-01-01T00:00:00.000Z",
            1 << 40: "2004-11-03T19:53:47.776Z",
            253402300800000: None,
            LARGEST_UINT: None,
        }
        async with village.playing(village.bob) as (caller, speech):
            for seq, clock in enumerate(clocks, 1):
                await caller.send(speech.envelope(text(seq, str(seq), clock)))
        rows = await village.alice("receive", name="bob")
        told = [row.sent_at for row in rows if row.kind == "text"]
        assert told == list(clocks.values())
        assert [row.text for row in rows if row.kind == "text"] == ["1", "2", "3", "4"]

    play(tmp_path, scene)
