"""When a contact is dialled again, and when they are left alone."""

from pathlib import Path

from onionchat.crypto.identity import Identity
from onionchat.node.dialing import AFTER_LOSS, SPREAD, Schedule
from onionchat.store import contacts
from tests.load import filling
from tests.node.patience import pass_time, run
from tests.node.street import Home, Street

DAY = 86_400.0
MANY = 20


def low(first: float, _: float) -> float:
    return first


def dials(schedule: Schedule, *, waiting: bool = False, offline: bool = False) -> int:
    """How often it is dialled in a day, each time in vain."""
    count, now = 0, 0.0
    while schedule.at is not None and schedule.at < DAY:
        now = schedule.at
        schedule.dialled(now)
        schedule.failed(now, waiting=waiting, offline=offline)
        count += 1
    return count


def started() -> Schedule:
    schedule = Schedule(low)
    schedule.start(0.0, MANY)
    return schedule


def test_who_is_offline_when_we_start_is_greeted_once() -> None:
    assert dials(started(), offline=True) == 1


def test_a_start_that_failed_for_another_reason_is_tried_a_few_times() -> None:
    assert dials(started()) == 1 + len(AFTER_LOSS)


def test_who_was_lost_is_dialled_a_few_times_whatever_tor_says() -> None:
    schedule = Schedule(low)
    schedule.lost(0.0, waiting=False)
    assert dials(schedule, offline=True) == len(AFTER_LOSS)


def test_a_loss_is_over_when_they_were_here_again() -> None:
    schedule = Schedule(low)
    schedule.lost(0.0, waiting=False)
    schedule.connected()
    schedule.start(0.0, MANY)
    assert dials(schedule, offline=True) == 1


def test_while_something_waits_it_never_ends() -> None:
    assert dials(started(), waiting=True, offline=True) > 24


def test_a_node_with_many_who_are_away_has_soon_nothing_to_do(tmp_path: Path) -> None:
    async def scene() -> None:
        street = Street()
        nobody = {f"contact{n}": Identity.from_seed(n.to_bytes(32)).key for n in range(MANY)}
        alice = Home("alice", tmp_path, street)
        async with alice.store() as profile:
            await profile.db.run(filling.befriend, nobody)
        async with alice.up():
            pass_time(SPREAD)
            while street.dials < MANY:
                await alice.change(contacts.all_rows)
            for _ in range(MANY):
                pass_time(DAY)
                await alice.change(contacts.all_rows)
            assert street.dials == MANY

    run(scene())
