"""Who dies young waits longer each time; who has lived is started again at once."""

from onionchat.node.restarts import GROWN_UP, Restarts


def pauses(*lives: float) -> list[float]:
    now, restarts, found = 100.0, Restarts(), []
    for life in lives:
        restarts.born(now)
        now += life
        pause = restarts.died(now)
        found.append(pause)
        now += pause
    return found


def test_who_dies_young_waits_longer_each_time() -> None:
    assert pauses(*[1] * 7) == [1, 2, 5, 15, 60, 60, 60]


def test_who_has_lived_begins_anew() -> None:
    assert pauses(1, 1, 1, GROWN_UP, 1, 1) == [1, 2, 5, 1, 2, 5]


def test_the_pause_is_no_life() -> None:
    assert pauses(1, 1, 1, 1, 1, GROWN_UP - 1) == [1, 2, 5, 15, 60, 60]
