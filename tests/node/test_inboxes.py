"""Contacts meet at inboxes: onions that only they have a key to."""

from pathlib import Path

import pytest

from onionchat.crypto.address import service_id
from onionchat.crypto.identity import Identity
from onionchat.node import inboxes as ours
from onionchat.node import requests as asking
from onionchat.store import contacts, counts, endpoints, inboxes, outbox
from onionchat.store.models import Outbox, Session
from onionchat.tor.dial_errors import DialError
from onionchat.types import Place
from tests.node.patience import run
from tests.node.town import (
    answer_to,
    delivered,
    dial,
    forget_places,
    gone,
    hang_up,
    neighbours,
    place_of,
    rows,
    town,
)

pytestmark = pytest.mark.usefixtures("promptly")


def test_contacts_talk_with_both_addresses_off(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            for home in homes:
                assert (await home("reachable", state="off")).reachable == "off"
            for home, other in ((alice, "bob"), (bob, "alice")):
                assert home.profile is not None
                assert (await home("status")).inboxes.total == 1
                assert home.identity.service_id not in homes[0].street.served
                place = await place_of(home, other)
                assert place.client_key is not None
                await (await dial(homes[0], place)).close()
                await delivered(home, other, f"from {home.name}")

    run(scene())


def test_they_are_dialled_at_the_inbox_after_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            inbox = await place_of(bob, "alice")
        street = alice.street
        async with alice.up(dial=False), bob.up(dial=False):
            await alice("reachable", state="off")
            street.dialled.clear()
            await delivered(bob, "alice", "again")
            assert street.dialled == [service_id(inbox.onion)]

    run(scene())


def test_nobody_gets_in_without_the_key_or_with_anothers_identity(tmp_path: Path) -> None:
    """Somebody passes their key on: whoever comes with it proves that they are no contact."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            alice, bob = homes
            place = await place_of(bob, "alice")
            for key in (None, bytes(range(32))):
                with pytest.raises(DialError) as refused:
                    await dial(alice, Place(place.onion, key))
                assert refused.value.reason == "unauthorised"
            assert (
                await answer_to(Identity.from_seed(b"m" * 32), await dial(bob, place), alice) == b""
            )
            assert await alice("request.list") == []

    run(scene())


def test_the_201st_contact_has_another_inbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "INBOX_CONTACTS", 2)

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol", "dave")):
            alice, *others = homes
            assert sorted(len(row.client_keys) for row in await rows(alice)) == [1, 2]
            before = {home.name: await place_of(home, "alice") for home in others}
            await alice("contact.remove", name="dave")
            await gone(alice, before["dave"])
            for name in ("bob", "carol"):
                assert service_id(before[name].onion) in homes[0].street.served, "it is not dave's"

    run(scene())


def test_a_new_session_says_it_again(tmp_path: Path) -> None:
    """Who has lost what we said dials the address; then they know."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob")):
            _, bob = homes
            await forget_places(bob, "alice")
            await bob.change(_forget_sessions)
            await hang_up(bob)
            await bob("send", name="alice", text="who are you?")
            await bob.until(lambda: endpoints.places(1, bob.clock())[0].client_key)
            assert await bob.until(lambda: not counts.totals().outbox)

    def _forget_sessions() -> None:
        Session.delete().execute()

    run(scene())


def test_to_say_where_we_are_is_no_reason_to_dial(tmp_path: Path) -> None:
    """... unless they could not come by themselves."""

    async def scene() -> None:
        async with town(homes := neighbours(tmp_path, "alice", "bob", "carol")):
            alice = homes[0]
        async with alice.up(dial=False):
            await alice("contact.remove", name="bob")
            await alice.until(lambda: len(inboxes.all_rows()) == 2)
            carol = await alice.change(lambda: contacts.by_name("carol"))
            assert await alice.change(
                lambda: Outbox.select().where(Outbox.tag == outbox.ENDPOINT).count()
            )
            reason = lambda: asking.reason_to_dial(carol.id, alice.clock())  # noqa: E731
            assert not await alice.change(reason)
            await alice("reachable", state="off")
            assert not await alice.change(reason), "the old inbox is there for her"
            await alice.change(lambda: inboxes.forget(alice.clock() + 1))  # type: ignore[arg-type]
            assert await alice.change(reason)

    run(scene())
