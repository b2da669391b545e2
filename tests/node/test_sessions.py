"""What happens to sessions when machines crash, disks are put back and envelopes go astray.

Whatever it is, each text arrives once, in order, and a session that is not to be trusted is
not used again.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto import ratchet, ratchet_limits
from onionchat.crypto.ratchet_state import State
from onionchat.node import outbox
from onionchat.node.peers import Peers
from onionchat.node.talk import Talk
from onionchat.protocol.events import Bye, Envelope
from onionchat.protocol.hello import Listed
from onionchat.protocol.limits import STRAY_ENVELOPES
from onionchat.store import counts, sessions
from onionchat.store.database import Database
from onionchat.store.models import Outbox, Session
from onionchat.store.sessions import SessionRow
from onionchat.tor.link import Link
from tests.node.caller import call, greet, silence
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


class Crash(Exception):  # noqa: N818 - no error: the machine is off
    """Nobody handles it: the node ends in the middle of what it did."""


async def friends(tmp_path: Path) -> tuple[Street, Home, Home]:
    """Alice and bob, who have a session in common and are both off again."""
    street = Street()
    alice, bob = Home("alice", tmp_path, street), Home("bob", tmp_path, street)
    async with alice.up(), bob.up():
        await befriend(alice, bob)
        await bob("send", name="alice", text="0", wait="delivered", timeout=30)
        await alice("send", name="bob", text="0", wait="delivered", timeout=30)
        await forget(alice)
        await forget(bob)
    return street, alice, bob


async def forget(home: Home) -> None:
    """What was received until now has been read."""
    await home("receive.ack", cursors=[row.cursor for row in await home("receive")])


async def texts(home: Home) -> list[tuple[str, int | None]]:
    """Unread texts, each with the number of those missing before it."""
    return [(row.text, row.missing) for row in await home("receive") if row.kind == "text"]


async def notices(home: Home) -> list[str]:
    return [row.text for row in await home("receive") if row.kind == "notice"]


async def delivered(home: Home) -> None:
    await home.until(lambda: counts.totals().outbox == 0)


def are_unread(number: int) -> bool:
    return counts.totals().unread == number


def statuses() -> list[str]:
    """Of every session, oldest first."""
    return [status for (status,) in Session.select(Session.status).order_by(Session.id).tuples()]


def newest() -> SessionRow:
    return sessions.live(1)[0]


def test_a_crash_between_commit_and_write_sends_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[bytes] = []
    written: list[bytes] = []
    write = Talk._write

    async def power_cut(talk: Talk, wires: Any) -> None:
        if wires:
            lost.extend(wires)
            raise Crash
        await write(talk, wires)

    async def recorded(talk: Talk, wires: Any) -> None:
        written.extend(wires)
        await write(talk, wires)

    async def scene() -> None:
        _, alice, bob = await friends(tmp_path)
        async with bob.up(dial=False):
            monkeypatch.setattr(Talk, "_write", power_cut)
            try:
                async with alice.up():
                    await alice("send", name="bob", text="1")
                    await alice.until(lambda: False)
            except* Crash:
                pass
            assert lost
            monkeypatch.setattr(Talk, "_write", recorded)
            async with alice.up():
                await delivered(alice)
            assert written[: len(lost)] == lost
            assert await texts(bob) == [("1", 0)]

    asyncio.run(scene())


@pytest.mark.parametrize("victim", ["sender", "receiver"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_transaction_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str, when: str
) -> None:
    async def scene() -> None:
        _, alice, bob = await friends(tmp_path)
        falling, standing = (alice, bob) if victim == "sender" else (bob, alice)
        async with standing.up():
            for nth in range(1, 16):
                fuse = Fuse(nth, after=when == "after")
                try:
                    async with falling.up():
                        await alice_sends(alice, str(nth))
                        with monkeypatch.context() as patch:
                            fuse.light(patch, falling)
                            await delivered(alice)
                except* Crash:
                    pass
                async with falling.up():
                    await delivered(alice)
            if victim == "sender":
                assert await texts(bob) == [(str(n), 0) for n in range(1, 16)]
        if victim == "receiver":
            async with bob.up():
                assert await texts(bob) == [(str(n), 0) for n in range(1, 16)]

    asyncio.run(scene())


async def alice_sends(alice: Home, text: str) -> None:
    await alice("send", name="bob", text=text)


class Fuse:
    """Ends a node at its nth transaction: before it, or when it has been committed."""

    def __init__(self, nth: int, *, after: bool) -> None:
        self._left = nth
        self._after = after

    def light(self, monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
        run: Callable[..., Awaitable[Any]] = Database.run
        assert home.profile is not None
        victim = home.profile.db

        async def limited(db: Database, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            if db is not victim:
                return await run(db, function, *args, **kwargs)
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Crash
            result = await run(db, function, *args, **kwargs)
            if self._left == 0:
                raise Crash
            return result

        monkeypatch.setattr(Database, "run", limited)


def test_a_node_that_starts_knows_its_friends_before_it_opens_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A friend who came in between would be greeted as a stranger, and held to be robbed."""

    async def scene() -> None:
        street, alice, bob = await friends(tmp_path)
        load = Peers.load

        async def slowly(peers: Peers, *, dial: bool) -> None:
            for _ in range(20):
                await peers._profile.db.run(lambda: None)
            assert bob.identity.service_id not in street.served
            await load(peers, dial=dial)

        async with alice.up(dial=False):
            monkeypatch.setattr(Peers, "load", slowly)
            async with bob.up():
                await alice("send", name="bob", text="1", wait="delivered", timeout=30)
                assert await notices(alice) == []

    asyncio.run(scene())


def test_both_dial_at_once_and_nothing_is_doubled_or_suspected(tmp_path: Path) -> None:
    async def scene() -> None:
        street, alice, bob = await friends(tmp_path)
        for turn in range(1, 6):
            street.wrap = Meeting(2).wrap
            async with alice.up(dial=False), bob.up(dial=False):
                await alice("send", name="bob", text=str(turn))
                await bob("send", name="alice", text=str(turn))
                await delivered(alice)
                await delivered(bob)
                assert await texts(bob) == [(str(turn), 0)]
                assert await texts(alice) == [(str(turn), 0)]
                for home in (alice, bob):
                    assert await notices(home) == []
                    assert "broken" not in await home.change(statuses)
                    await forget(home)

    asyncio.run(scene())


def test_a_hello_that_travels_slowly_raises_no_false_alarm(tmp_path: Path) -> None:
    """While alice's hello is on its way its counters stay true, whatever else she could say."""

    async def scene() -> None:
        street, alice, bob = await friends(tmp_path)
        gate, dialled = asyncio.Event(), asyncio.Queue[Waiting]()

        def slow(link: Link) -> Link:
            dialled.put_nowait(waiting := Waiting(link, gate, free=2))
            return waiting

        async with alice.up(dial=False), bob.up(dial=False):
            street.wrap = slow
            await alice("send", name="bob", text="1")
            await (await dialled.get()).held.wait()
            street.wrap = lambda link: link
            for number in range(1, 6):  # time enough to answer the first, if she could
                await bob("send", name="alice", text=str(number))
                await alice.until(partial(are_unread, number))
            gate.set()
            await delivered(alice)
            await delivered(bob)
            for home in (alice, bob):
                assert await notices(home) == []
                assert await home.change(statuses) == ["live"]

    asyncio.run(scene())


class Meeting:
    """Links that say nothing before so many have been dialled; later ones need not wait."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._all_here = asyncio.Event()

    def wrap(self, link: Link) -> Link:
        self._expected -= 1
        if self._expected <= 0:
            self._all_here.set()
        return Waiting(link, self._all_here)


class Waiting:
    """A link whose writes, but for so many, wait for a gate. `held`: one of them does."""

    def __init__(self, link: Link, gate: asyncio.Event, free: int = 0) -> None:
        self._link = link
        self._gate = gate
        self._free = free
        self.held = asyncio.Event()

    async def read(self, n: int = 65536) -> bytes:
        return await self._link.read(n)

    async def write(self, data: bytes) -> None:
        self._free -= 1
        if self._free < 0:
            self.held.set()
            await self._gate.wait()
        await self._link.write(data)

    async def close(self) -> None:
        await self._link.close()


@pytest.mark.parametrize("strays", [STRAY_ENVELOPES - 1, STRAY_ENVELOPES])
def test_the_third_stray_on_a_connection_breaks_the_session(tmp_path: Path, strays: int) -> None:
    async def scene() -> None:
        street, alice, bob = await friends(tmp_path)
        async with bob.store() as profile:
            row = await profile.db.run(newest)
        async with alice.up(dial=False):
            for _ in range(2):  # a second connection counts anew
                async with call(street, alice, bob.identity) as caller:
                    mine = await greet(caller, Listed(row.sid, row.sent, row.rcvd))
                    if row.sid in {listed.sid for listed in mine.sessions}:
                        noise = [Envelope(bytes([n]) * 1999 * n) for n in range(strays)]
                        await caller.send(*noise, Bye())
                        await silence(caller.link)
            broken = "broken" in await alice.change(statuses)
            assert broken == (strays == STRAY_ENVELOPES)
            async with bob.up():
                await bob("send", name="alice", text="1", wait="delivered", timeout=30)
                await alice("send", name="bob", text="1", wait="delivered", timeout=30)
                assert await texts(alice) == await texts(bob) == [("1", 0)]

    asyncio.run(scene())


def test_a_jump_too_far_breaks_the_session_and_a_new_one_carries_on(tmp_path: Path) -> None:
    async def scene() -> None:
        _, alice, bob = await friends(tmp_path)
        async with bob.store() as profile:
            await profile.db.run(jump)
        async with alice.up(dial=False), bob.up():
            await bob("send", name="alice", text="1", wait="delivered", timeout=30)
            await alice("send", name="bob", text="1", wait="delivered", timeout=30)
            assert await texts(alice) == await texts(bob) == [("1", 0)]
            assert "broken" in await alice.change(statuses)

    asyncio.run(scene())


def jump() -> None:
    """So many envelopes were encrypted and never sent that the next is out of reach."""
    row = newest()
    state, ahead = State.decode(row.state), ratchet_limits.LARGEST_JUMP + 1
    for _ in range(ahead):
        state, _wire = ratchet.encrypt(state, bytes(1522))
    sessions.update(row.id, state.encode(), row.sent + ahead, row.rcvd)


def test_a_record_that_breaks_the_rules_comes_once_and_blocks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        _, alice, bob = await friends(tmp_path)
        record = outbox._record
        async with alice.up(dial=False):
            async with bob.up():
                monkeypatch.setattr(outbox, "_record", lambda *_: b"\xc1 no record")
                await bob("send", name="alice", text="poison")
                await bob.until(lambda: Outbox.select().where(Outbox.wire.is_null(False)).exists())
                monkeypatch.setattr(outbox, "_record", record)
                await bob("send", name="alice", text="2", wait="delivered", timeout=30)
            async with bob.up():
                await bob("send", name="alice", text="3", wait="delivered", timeout=30)
            assert await texts(alice) == [("2", 1), ("3", 0)]
            assert await alice.change(statuses) == ["live"]

    asyncio.run(scene())


def test_what_an_old_copy_of_a_disk_sends_again_is_shown_once(tmp_path: Path) -> None:
    async def scene() -> None:
        _, alice, bob = await friends(tmp_path)
        async with bob.up(dial=False):
            await bob("send", name="alice", text="1")
        copy = shutil.copytree(bob.directory, tmp_path / "copy")
        async with alice.up():
            async with bob.up():
                await delivered(bob)
                await bob("send", name="alice", text="2", wait="delivered", timeout=30)
            shutil.rmtree(bob.directory)
            shutil.move(copy, bob.directory)
            async with bob.up():
                await delivered(bob)
                await bob("send", name="alice", text="3", wait="delivered", timeout=30)
            assert [text for text, _ in await texts(alice)] == ["1", "2", "3"]
            assert "broken" in await alice.change(statuses)

    asyncio.run(scene())
