"""What `doctor` finds on a street: oneself, a friend, somebody who is away, an impostor."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onionchat.node.doctor import Check, knock
from onionchat.store import counts
from onionchat.types import OnionKey, Place
from tests.node.street import Home, Lane, Street, befriend

pytestmark = pytest.mark.usefixtures("promptly")


def found(checks: list[Check]) -> dict[str, Any]:
    assert all(check.hint for check in checks if not check.ok)
    return {check.check: check.ok for check in checks}


def test_a_node_that_is_well(tmp_path: Path) -> None:
    async def scene() -> None:
        alice = Home("alice", tmp_path, Street())
        async with asyncio.timeout(30), alice.up():
            checks = found(await alice("doctor"))
            hardening = checks.pop("hardening")
            assert checks == dict.fromkeys(
                ("tor", "warning", "published", "strangers", "reachable"), True
            )
            assert hardening is False  # the tests' own process is not

    asyncio.run(scene())


def test_an_inbox_that_is_announced_anew_is_not_the_address(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up(), bob.up():
            await befriend(alice, bob)
            assert alice.profile is not None
            await alice.profile.running().rearranged()
            inbox = alice.profile.running().served("inbox")
            for onion in inbox:
                await alice.lane.published(onion)
            assert found(await alice("doctor"))["inbox"] is True
            alice.lane.board.post(published=alice.lane.status.published - inbox)
            checks = found(await alice("doctor"))
            assert (checks["published"], checks["inbox"]) == (True, False)
            status = await alice("status")
            assert status.published is True
            assert (status.inboxes.total, status.inboxes.published) == (1, 0)

    asyncio.run(scene())


def test_nothing_can_be_found_while_the_network_does_not_answer(alice: Home) -> None:
    """Though it was announced before."""

    async def scene() -> None:
        async with asyncio.timeout(60), alice.up():
            assert alice.profile is not None
            await alice.profile.running().rearranged()
            for onion in alice.profile.running().served("identity"):
                await alice.lane.published(onion)
            assert (await alice("status")).published is True
            alice.lane.board.post(state="degraded")
            assert found(await alice("doctor"))["published"] is False
            assert (await alice("status")).published is False

    asyncio.run(scene())


def test_a_contact_from_request_to_away(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
        async with asyncio.timeout(60), alice.up():
            await alice("contact.add", name="bob", address=bob.address)
            away = {"contact": False, "seen": True, "reachable": False, "waiting": True}
            assert found(await alice("doctor", name="bob")) == away
            async with bob.up():
                await befriend(alice, bob)
                await alice("send", name="bob", text="hello", wait="delivered")
                assert all(found(await alice("doctor", name="bob")).values())
            await alice("send", name="bob", text="you have gone")
            checks = await alice("doctor", name="bob")
            assert found(checks) == away | {"contact": True}
            assert checks[-1].detail.startswith("messages that wait: 1")

    asyncio.run(scene())


def test_looking_at_somebody_who_is_there_tells_them_nothing(tmp_path: Path) -> None:
    """The try is a stranger's: no row, no event, not even once their node has ended."""

    async def scene() -> None:
        street = Street()
        bob = Home("bob", tmp_path, street)
        async with asyncio.timeout(60):
            async with bob.up():
                before = await bob.change(counts.totals)
                key = bob.identity.key
                assert (await knock(Lane(street), Place(OnionKey(key)), key)).ok
            async with bob.store() as profile:
                assert await profile.db.run(counts.totals) == before

    asyncio.run(scene())


def test_somebody_else_at_the_address_is_said_so(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        alice, bob, mallory = (Home(name, tmp_path, street) for name in ("alice", "bob", "mallory"))
        async with asyncio.timeout(60), alice.up(dial=False), mallory.up():
            await alice("contact.add", name="bob", address=bob.address)
            bobs, mallorys = bob.identity.service_id, mallory.identity.service_id
            street.served[bobs] = street.served[mallorys]
            checks = await alice("doctor", name="bob")
            assert not found(checks)["reachable"]
            assert "not" in next(check.detail for check in checks if check.check == "reachable")

    asyncio.run(scene())
