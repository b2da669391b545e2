"""When a contact is dialled: no clock runs here, every moment is an argument."""

import pytest

from onionchat.node.dialing import LONGEST_PATIENCE, PATIENCE, Schedule
from onionchat.protocol.limits import BACKOFF_SECONDS


def middle(low: float, high: float) -> float:
    return (low + high) / 2


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(middle)


def fail(schedule: Schedule, now: float) -> float:
    """A dial that begins and ends at `now`; seconds until the next."""
    schedule.dialled(now)
    schedule.failed(now, waiting=True)
    assert schedule.at is not None
    return schedule.at - now


def test_nobody_is_dialled_for_no_reason(schedule: Schedule) -> None:
    assert schedule.at is None
    schedule.connected()
    schedule.good()
    assert schedule.at is None


def test_failure_is_answered_with_longer_and_longer_pauses(schedule: Schedule) -> None:
    pauses = [fail(schedule, 10_000.0 * number) for number in range(9)]
    assert pauses == [*BACKOFF_SECONDS, BACKOFF_SECONDS[-1], BACKOFF_SECONDS[-1]]


def test_a_connection_that_was_good_begins_anew(schedule: Schedule) -> None:
    first = fail(schedule, 0.0)
    fail(schedule, 1000.0)
    schedule.connected()
    schedule.good()
    assert fail(schedule, 2000.0) == first


def test_a_connection_that_came_to_nothing_does_not(schedule: Schedule) -> None:
    fail(schedule, 0.0)
    second = fail(schedule, 1000.0)
    schedule.connected()
    assert schedule.at is None
    assert fail(schedule, 2000.0) > second


def test_pressing_send_is_answered_at_once_and_then_with_patience(schedule: Schedule) -> None:
    schedule.wanted(100.0)
    assert schedule.at == 100.0
    last = 100.0
    waits = []
    for _ in range(5):
        fail(schedule, last)
        schedule.wanted(last)
        assert schedule.at is not None
        waits.append(schedule.at - last)
        last = schedule.at
    assert waits == [3 * PATIENCE, 9 * PATIENCE, *[LONGEST_PATIENCE] * 3]


def test_the_network_that_is_back_ends_patience(schedule: Schedule) -> None:
    for now in (0.0, 1000.0, 2000.0):
        fail(schedule, now)
    schedule.again(2001.0)
    assert schedule.at == 2000.0 + PATIENCE


def test_a_plan_is_never_put_off_by_a_wish(schedule: Schedule) -> None:
    schedule.wanted(10.0)
    schedule.start(10.0, 1000)
    assert schedule.at == 10.0
    schedule.not_before(50.0)
    assert schedule.at == 50.0
