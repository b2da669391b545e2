"""What a contact says of where they are: the last word counts, and nobody is made to run."""

from pathlib import Path

from onionchat.store import endpoints
from onionchat.store.contacts import ContactRow
from onionchat.store.endpoints import ENDPOINTS, MOVE_EVERY, MOVES, Named
from onionchat.types import Millis, OnionKey, Place, StreamId
from tests.store.one_contact import HERS, NOW, with_a_contact

LAST = Place(OnionKey(HERS))
STREAM, LATER_STREAM = StreamId(b"one more"), StreamId(b"restored")


def onion(number: int) -> OnionKey:
    return OnionKey(number.to_bytes(32))


def named(number: int, seq: int, stream: StreamId = STREAM, priority: int = 10) -> Named:
    return Named(onion(number), bytes([number]) * 32, priority, stream, seq)


def place(number: int) -> Place:
    return Place(onion(number), bytes([number]) * 32)


def test_the_identitys_own_onion_is_the_last_place(tmp_path: Path) -> None:
    def scene(bob: ContactRow) -> None:
        assert endpoints.places(bob.id, NOW) == [LAST]
        endpoints.learn(bob.device, named(1, 5), NOW)
        endpoints.learn(bob.device, named(2, 6, priority=3), NOW)
        assert endpoints.places(bob.id, NOW) == [place(2), place(1), LAST]
        endpoints.forget(bob.device)
        assert endpoints.places(bob.id, NOW) == [LAST]

    with_a_contact(tmp_path, scene)


def test_the_later_record_counts_whatever_comes_first(tmp_path: Path) -> None:
    def scene(bob: ContactRow) -> None:
        endpoints.learn(bob.device, named(2, 7), NOW)
        endpoints.learn(bob.device, named(1, 5), NOW)
        assert endpoints.places(bob.id, NOW) == [place(2), LAST]
        endpoints.learn(bob.device, named(3, 1, LATER_STREAM), NOW)
        assert endpoints.places(bob.id, NOW) == [place(3), LAST]

    with_a_contact(tmp_path, scene)


def test_a_few_places_are_kept_however_many_are_named(tmp_path: Path) -> None:
    def scene(bob: ContactRow) -> None:
        for number in range(1, 10):
            endpoints.learn(
                bob.device, named(number, number, priority=number), Millis(NOW + number)
            )
        assert len(endpoints.places(bob.id, NOW)) <= ENDPOINTS + 1

    with_a_contact(tmp_path, scene)


def test_who_moves_and_moves_is_followed_slowly(tmp_path: Path) -> None:
    def scene(bob: ContactRow) -> None:
        for number in range(1, MOVES + 1):
            endpoints.learn(bob.device, named(number, number), NOW)
            assert endpoints.places(bob.id, NOW)[0] == place(number)
        endpoints.learn(bob.device, named(99, 99), NOW)
        assert endpoints.places(bob.id, NOW) == [LAST], "the next is noted and not dialled yet"
        soon = Millis(NOW + MOVE_EVERY)
        assert endpoints.places(bob.id, soon) == [place(99), LAST]
        assert endpoints.places(bob.id, Millis(NOW - 10**12)) == [place(99), LAST], "a wrong clock"

    with_a_contact(tmp_path, scene)
