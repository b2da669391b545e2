"""Who is blocked or removed never gets a connection again, and nobody else notices.

On a real Tor: tests/live/test_inboxes.py.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.address import service_id
from onionchat.crypto.identity import Identity
from onionchat.node import inboxes as ours
from onionchat.store import inboxes
from onionchat.tor.dial_errors import DialError, KeyRefused, NotPublished
from onionchat.types import Millis, OnionKey, Place
from tests.node.expiring import HOUR
from tests.node.patience import pass_time, run
from tests.node.street import Home
from tests.node.town import (
    answer_to,
    delivered,
    dial,
    forget_places,
    gone,
    hang_up,
    moved,
    neighbours,
    peers,
    place_of,
    rows,
    talks,
    town,
)

pytestmark = pytest.mark.usefixtures("promptly")


@pytest.mark.parametrize("verb", ["contact.remove", "contact.block"])
def test_a_removed_contact_never_gets_a_connection_and_the_others_notice_nothing(
    tmp_path: Path, verb: str
) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol")):
            alice, bob, carol = homes
            theirs, hers = await place_of(bob, "alice"), await place_of(carol, "alice")
            assert theirs.onion == hers.onion
            connected, lost = set(talks(bob)), partings(carol)
            await alice(verb, name="bob")
            assert [peer.name for peer in peers(alice)] == ["carol"]
            with pytest.raises(DialError):
                await dial(bob, theirs)
            await bob.until(lambda: connected.isdisjoint(talks(bob)))
            new = await moved(carol, "alice", hers)
            await gone(alice, theirs)  # for she has said that she knows
            with pytest.raises(NotPublished):
                await dial(bob, theirs)
            with pytest.raises(KeyRefused):
                await dial(bob, Place(new.onion, theirs.client_key))
            await delivered(carol, "alice", "still here")
            assert await carol("receive") == []
            assert lost == []

    run(scene())


def partings(home: Home) -> list[str]:
    """Of whom they have the last connection no more, from now on."""
    assert home.profile is not None
    feed, lost = home.profile.feed, list[str]()
    tell = feed.live

    def live(method: str, params: dict[str, Any]) -> None:
        if params.get("online") is False:
            lost.append(params["contact"])
        tell(method, params)

    feed.live = live  # type: ignore[method-assign]  # this one is listened to
    return lost


def test_of_where_they_were_tor_keeps_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            his = await place_of(alice, "bob")
            await alice("reachable", state="off")
            await forget_places(bob, "alice")
            await hang_up(alice)
            await delivered(alice, "bob", "it is me who has dialled")
            assert alice.street.forgotten == set()
            await alice("contact.remove", name="bob")
            while alice.street.forgotten != {his}:
                await alice.change(lambda: None)

    run(scene())


def test_two_contacts_together_get_no_further_than_one(tmp_path: Path) -> None:
    """They know one inbox, have a key each, and learn from it nothing about anybody else. With the
    other's key whoever was removed meets the silence that everybody meets."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol")):
            alice, bob, carol = homes
            his, hers = await place_of(bob, "alice"), await place_of(carol, "alice")
            assert his.onion == hers.onion != OnionKey(alice.identity.key)
            assert his.client_key != hers.client_key
            await alice("contact.remove", name="bob")
            new = await moved(carol, "alice", hers)
            assert new.client_key not in (his.client_key, hers.client_key)
            for who in (bob.identity, Identity.from_seed(b"nobody that she knows or knew...")):
                assert await answer_to(who, await dial(carol, new), alice) == b""
            assert await alice("request.list") == []
            await delivered(carol, "alice", "it was me who lent him the key")

    run(scene())


def test_who_was_away_when_the_inbox_moved_comes_to_the_old_one(tmp_path: Path) -> None:
    """The old one stays for them, without the key of who was removed; then it goes."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol")):
            known = [await place_of(home, "alice") for home in homes[1:]]
        alice, _, carol = homes
        async with alice.up(dial=False):
            await alice("reachable", state="off")
            await alice("contact.remove", name="bob")
            await alice.until(lambda: [row for row in inboxes.all_rows() if not row.closing_since])
            assert len(await rows(alice)) == 2
            with pytest.raises(KeyRefused):
                await dial(alice, known[0])
            async with carol.up(dial=False):
                await delivered(carol, "alice", "I was away")
                await gone(alice, known[1])
                with pytest.raises(NotPublished):
                    await dial(alice, known[1])

    run(scene())


def test_an_old_inbox_goes_after_thirty_days_whoever_is_away(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol")):
            alice, _, carol = homes
            old = await place_of(carol, "alice")
        async with alice.up(dial=False):
            await alice("contact.remove", name="bob")
            now = alice.clock()
            await alice.change(lambda: ours.arrange(now))
            assert len(await rows(alice)) == 2
            assert service_id(old.onion) in alice.street.served
            assert alice.profile is not None
            await alice.profile.running().rearranged()
            alice.profile.clock = lambda: Millis(now + ours.CLOSING + 1)
            pass_time(HOUR)
            async with asyncio.timeout(30):
                await gone(alice, old)
            assert len(await rows(alice)) == 1

    run(scene())
