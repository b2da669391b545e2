"""When what has no receipt is repeated on a connection that lives."""

from onionchat.node.overdue import Overdue


def test_what_stays_the_oldest_is_repeated_after_ever_longer_pauses() -> None:
    overdue = Overdue()
    again = [look for look in range(100) if overdue.look(7)]
    assert again == [1, 2, 4, 8, 16, 32, 64]


def test_a_slow_path_on_which_things_move_repeats_nothing() -> None:
    overdue = Overdue()
    assert not any(overdue.look(row) for row in range(100))


def test_it_begins_anew_with_what_comes_next() -> None:
    overdue = Overdue()
    for row in (7, 7, None, 7, 8):
        overdue.look(row)
    assert overdue.look(8)
    assert not overdue.look(None)
    assert not overdue.look(None)


def test_it_asks_as_long_as_something_is_in_flight() -> None:
    overdue = Overdue()
    assert not overdue.asks()
    overdue.wrote()
    for row in (7, 7, 7, 8, None):
        assert overdue.asks()
        overdue.look(row)
    assert not overdue.asks()


def test_what_is_written_during_a_look_is_looked_for_the_next_time() -> None:
    overdue = Overdue()
    overdue.wrote()
    assert overdue.asks()
    overdue.wrote()
    overdue.look(None)
    assert overdue.asks()
