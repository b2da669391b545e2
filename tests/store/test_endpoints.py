"""What a contact says of where they are: the last word counts, and nobody is made to run."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from onionchat.store import contacts, endpoints
from onionchat.store.contacts import NewContact
from onionchat.store.database import Database
from onionchat.store.endpoints import ENDPOINTS, MOVE_EVERY, MOVES, Named
from onionchat.types import IdentityKey, MessageId, Millis, OnionKey, Place, StreamId

NOW = Millis(1_800_000_000_000)
HERS = IdentityKey(b"k" * 32)
LAST = Place(OnionKey(HERS))
STREAM, LATER_STREAM = StreamId(b"one more"), StreamId(b"restored")


def onion(number: int) -> OnionKey:
    return OnionKey(number.to_bytes(32))


def named(number: int, seq: int, stream: StreamId = STREAM, priority: int = 10) -> Named:
    return Named(onion(number), bytes([number]) * 32, priority, stream, seq)


def place(number: int) -> Place:
    return Place(onion(number), bytes([number]) * 32)


def with_a_contact(directory: Path, scene: Callable[[int, int], None]) -> None:
    """`scene` gets the contact and their device, inside a transaction."""

    def transaction() -> None:
        row = contacts.add(NewContact("bob", "bob", HERS, "contact", MessageId(bytes(16))), NOW)
        scene(row.id, row.device)

    async def run() -> None:
        async with await Database.open(directory / "store.db", bytes(32), create=True) as db:
            await db.run(transaction)

    asyncio.run(run())


def test_the_identitys_own_onion_is_the_last_place(tmp_path: Path) -> None:
    def scene(contact: int, device: int) -> None:
        assert endpoints.places(contact, NOW) == [LAST]
        endpoints.learn(device, named(1, 5), NOW)
        endpoints.learn(device, named(2, 6, priority=3), NOW)
        assert endpoints.places(contact, NOW) == [place(2), place(1), LAST]
        endpoints.forget(device)
        assert endpoints.places(contact, NOW) == [LAST]

    with_a_contact(tmp_path, scene)


def test_the_later_record_counts_whatever_comes_first(tmp_path: Path) -> None:
    def scene(contact: int, device: int) -> None:
        endpoints.learn(device, named(2, 7), NOW)
        endpoints.learn(device, named(1, 5), NOW)
        assert endpoints.places(contact, NOW) == [place(2), LAST]
        endpoints.learn(device, named(3, 1, LATER_STREAM), NOW)
        assert endpoints.places(contact, NOW) == [place(3), LAST]

    with_a_contact(tmp_path, scene)


def test_a_few_places_are_kept_however_many_are_named(tmp_path: Path) -> None:
    def scene(contact: int, device: int) -> None:
        for number in range(1, 10):
            endpoints.learn(device, named(number, number, priority=number), Millis(NOW + number))
        assert len(endpoints.places(contact, NOW)) <= ENDPOINTS + 1

    with_a_contact(tmp_path, scene)


def test_who_moves_and_moves_is_followed_slowly(tmp_path: Path) -> None:
    def scene(contact: int, device: int) -> None:
        for number in range(1, MOVES + 1):
            endpoints.learn(device, named(number, number), NOW)
            assert endpoints.places(contact, NOW)[0] == place(number)
        endpoints.learn(device, named(99, 99), NOW)
        assert endpoints.places(contact, NOW) == [LAST], "the next is noted and not dialled yet"
        soon = Millis(NOW + MOVE_EVERY)
        assert endpoints.places(contact, soon) == [place(99), LAST]
        assert endpoints.places(contact, Millis(NOW - 10**12)) == [place(99), LAST], "a wrong clock"

    with_a_contact(tmp_path, scene)
