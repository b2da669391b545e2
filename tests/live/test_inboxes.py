"""Inboxes on a real Tor: whole nodes, each with a tor of its own.

How long tor still says that an address was there which is off: tests/load/hidden.py.
"""

import asyncio
from pathlib import Path

import pytest

from onionchat.crypto.address import service_id
from onionchat.node import dialing, places
from onionchat.tor.dial_errors import DialError, KeyRefused
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey, Place
from tests.live.house import House
from tests.live.tors import HALF_WAY, refused
from tests.node.patience import hurry
from tests.node.town import delivered, forget_places, hang_up, moved, place_of, talks, town

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(dialing, "BACKOFF_SECONDS", (1.0,))
    monkeypatch.setattr(places, "SETTLE", 0.0)


async def hide(house: House) -> Place:
    """Their address is off: from the moment when this returns nobody finds them there."""
    await house("reachable", state="off")
    address = Place(OnionKey(house.identity.key))
    await house.until_down(address)
    return address


async def in_vain(house: House, place: Place) -> None:
    """They get no connection, not even to a tor behind which nobody is."""
    with pytest.raises(DialError) as failed:
        await house.dial(place)
    assert not isinstance(failed.value, HALF_WAY)


async def keys(house: House) -> list[str]:
    """What their tor knows of others' inboxes."""
    lines = await house.ask_tor("ONION_CLIENT_AUTH_VIEW")
    return [line for line in lines if line.startswith("CLIENT ")]


def test_with_the_address_off_contacts_come_whatever_tor_forgets(
    tmp_path: Path, network: Info
) -> None:
    """... and strangers do not. Each message below is one dial of bob's to alice's inbox."""

    async def scene() -> None:
        alice, bob = (House(name, tmp_path, network) for name in ("alice", "bob"))
        async with town([alice, bob]):
            await (await bob.dial(Place(OnionKey(alice.identity.key)))).close()
            await hide(bob)
            address = await hide(alice)
            for _ in range(2):
                await in_vain(bob, address)
            await forget_places(alice, "bob")
            for command in ("SIGNAL NEWNYM", "SETCONF MaxCircuitDirtiness=601"):
                await come(bob)
                assert await keys(bob)
                await bob.ask_tor(command)
                assert not await keys(bob), "tor has forgotten none"
            await come(bob)
            await bob.kill_tor()
            await delivered(bob, "alice", "I am back")

    async def come(bob: House) -> None:
        await hang_up(bob)
        await delivered(bob, "alice", "here I am")

    asyncio.run(scene())


def test_who_was_removed_finds_nobody_and_the_others_stay_connected(
    tmp_path: Path, network: Info
) -> None:
    async def scene() -> None:
        alice, bob, carol = (House(name, tmp_path, network) for name in ("alice", "bob", "carol"))
        async with town([alice, bob, carol]):
            place, hers = await place_of(bob, "alice"), await place_of(carol, "alice")
            assert place.onion == hers.onion
            connected = talks(carol)
            async with carol.busy():  # she has not heard of the new inbox
                await alice("contact.remove", name="bob")
                await alice.until_down(place)
                await alice.client.published(service_id(place.onion))
                assert isinstance(await refused(bob.client, place), KeyRefused)
            new = await moved(carol, "alice", hers)
            await alice.until_down(place)
            await delivered(carol, "alice", "all the time")
            assert set(connected) & set(talks(carol))
            await alice.client.published(service_id(new.onion))
            for where in (place, Place(new.onion, place.client_key)):
                await in_vain(bob, where)
            await hide(carol)
            await forget_places(alice, "carol")
            await hang_up(carol)
            await delivered(carol, "alice", "at the new one")

    asyncio.run(scene())
