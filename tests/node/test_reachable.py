"""The onion of the identity, for whoever comes first: on, off, or on for a time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.identity import Identity
from onionchat.errors import RefusedError
from onionchat.node import inboxes
from onionchat.node.verbs.reachable import ADVICE
from onionchat.store import requests
from tests.node.caller import Speech, call, greet, request
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


def test_a_request_under_way_is_finished_when_strangers_are_shut_out(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        stranger = Identity.from_seed(b"s" * 32)
        async with asyncio.timeout(60), alice.up(), call(street, alice, stranger) as caller:
            await greet(caller)
            await alice("reachable", state="off")
            while alice.identity.service_id in street.served:
                await alice.lane.change(alice.lane.status)
            with pytest.raises(KeyError):
                async with call(street, alice, stranger):
                    pass
            await caller.send(Speech(caller).envelope(request("half-way")))
            (asked,) = await alice.until(requests.all_rows)
            assert asked.text == "half-way"
            await alice("reachable", state="on")
            while alice.identity.service_id not in street.served:
                await alice.lane.change(alice.lane.status)

    run(scene())


def test_on_for_a_time_is_off_after_it_and_across_restarts(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        async with alice.up():
            told = await alice("reachable", state="on", seconds=7200)
            assert (told.reachable, told.off_at is None) == ("on", False)
            pass_time(7100)
            assert (await alice("reachable")).reachable == "on"
        async with alice.up():
            assert alice.identity.service_id in street.served
            pass_time(101)
            while alice.identity.service_id in street.served:
                await alice.lane.change(alice.lane.status)
            assert (await alice("reachable")).reachable == "off"
        async with alice.up():
            assert alice.identity.service_id not in street.served

    run(scene())


def test_a_time_that_was_given_is_no_longer_after_a_reboot_under_a_wrong_clock(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        alice = Home("alice", tmp_path, Street())
        async with alice.up():
            await alice("reachable", state="on", seconds=7200)
            now = alice.clock()
        alice.boot = b"another"
        alice.clock = lambda: now - 400 * 86_400_000  # type: ignore[assignment,return-value]
        async with alice.up():
            pass_time(7201)
            assert (await alice("reachable")).reachable == "off"

    run(scene())


def test_the_person_is_told_once_that_strangers_find_them(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up(), bob.up():
            assert (await alice("status")).hint is None
            await befriend(alice, bob)
            hints = [(await alice("status")).hint for _ in range(3)]
            assert hints == [ADVICE, None, None]
            assert (await bob("status")).hint is None, "it stood behind the acceptance"
        carol = Home("carol", tmp_path, street)
        async with asyncio.timeout(60), carol.up(), alice.up():
            await carol("reachable", state="off")
            await carol("reachable", state="on")
            await befriend(carol, alice)
            assert (await carol("status")).hint is None, "who has decided needs no advice"

    run(scene())


def test_a_disk_that_refuses_once_hides_nobody_for_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange, failures = inboxes.arrange, [RefusedError("the disk is full")]

    def refused_once(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return arrange(*args)

    async def scene() -> None:
        street = Street()
        alice = Home("alice", tmp_path, street)
        monkeypatch.setattr(inboxes, "arrange", refused_once)
        async with alice.up():
            while failures:
                await alice.change(lambda: None)
            pass_time(5)
            async with asyncio.timeout(30):
                while alice.identity.service_id not in street.served:
                    await alice.change(lambda: None)

    run(scene())
