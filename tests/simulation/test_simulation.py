"""A share of the simulated days, and weaknesses planted to see that a day would show them.

`make simulate` goes on from here: a thousand seeds of a whole day each.
"""

from collections.abc import Callable
from typing import Any

import pytest

from onionchat.node import greeting, inboxes
from onionchat.node.dialing import Schedule
from onionchat.node.peers import Peers
from onionchat.protocol.session_choice import Choice, choose
from onionchat.store import messages, outbox, reachability, receipts
from onionchat.store.reachability import Reachable
from tests.simulation import faults
from tests.simulation.checker import check
from tests.simulation.faults import Fault
from tests.simulation.world import Plan, run

SEEDS = 30
HOURS = 3.0
OFTEN = (60.0, 60.0)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_goes_wrong_everything_arrives_once_and_in_order(seed: int) -> None:
    trace = run(Plan(seed, HOURS))
    assert check(trace.entries) == []
    assert trace.counts["accepted"]  # how many there are on average, `make simulate` tells
    assert trace.counts["fault"]


def test_a_seed_has_one_trace() -> None:
    plan = Plan(7, 1.0)
    assert run(plan).digest() == run(plan).digest()


def test_two_seeds_are_two_days() -> None:
    assert run(Plan(7, 0.2)).digest() != run(Plan(8, 0.2)).digest()


def nothing_is_known(*_: Any, **__: Any) -> set[bytes]:
    """A repeated envelope is not recognised."""
    return set()


def nothing_is_repeated(*_: Any, **__: Any) -> list[Any]:
    """What a broken connection swallowed stays swallowed."""
    return []


def receipt_is_lost(*_: Any, **__: Any) -> set[int]:
    """What was confirmed is not believed."""
    return set()


def never_again(schedule: Schedule, *_: Any, **__: Any) -> None:
    """Who was not reached is given up."""
    schedule.at = None


def always_suspicious(mine: Any, theirs: Any) -> Choice:
    """Every common session is taken for one that was rolled back."""
    found = choose(mine, theirs)
    rolled_back = () if found.use is None else (found.use,)
    return Choice(None, rolled_back, found.rolled_back_peer, found.retired)


def nobody_is_told(*_: Any, **__: Any) -> None:
    """Whatever is noticed."""


def at_once(schedule: Schedule, now: float, **_: Any) -> None:
    """No pause between two dials, whatever becomes of them."""
    schedule.at = now


def nobody_is_expelled(*_: Any, **__: Any) -> None:
    """Who was blocked keeps their key, and the inbox that they know stays."""


async def nobody_is_parted_from(*_: Any, **__: Any) -> None:
    """Whoever is connected when they are blocked stays it."""


def always_on(*_: Any, **__: Any) -> Reachable:
    """The address never goes down."""
    return Reachable(on=True)


PLANTED: dict[str, tuple[Any, str, Callable[..., Any], tuple[Fault, ...], str]] = {
    "digests": (receipts, "known", nothing_is_known, (faults.link_breaks,), "false alarm"),
    "repeat": (outbox, "unreceipted", nothing_is_repeated, (faults.link_breaks,), "was lost"),
    "receipts": (outbox, "delivered", receipt_is_lost, (faults.kill,), "never learned"),
    "patience": (Schedule, "failed", never_again, (faults.offline,), "was lost"),
    "alarm": (greeting, "choose", always_suspicious, (faults.kill,), "false alarm"),
    "no alarm": (messages, "add_notice", nobody_is_told, (faults.put_back,), "no alarm"),
    "keys": (inboxes, "expel", nobody_is_expelled, (faults.blocked,), "who has shut"),
    "parting": (Peers, "_part", nobody_is_parted_from, (faults.blocked,), "heard"),
    "address": (reachability, "load", always_on, (faults.hidden, faults.blocked), "which is off"),
    "storm": (Schedule, "failed", at_once, (faults.offline,), "within an hour"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_weakness_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, function, weak, kinds, sentence = PLANTED[name]
    monkeypatch.setattr(place, function, weak)
    if name == "no alarm":
        from onionchat.store import generation

        monkeypatch.setattr(generation, "is_old", lambda *_: False)
        monkeypatch.setattr(generation, "rollback", lambda *_: None)
    assert any(sentence in each for seed in range(3) for each in said(seed, kinds))


def said(seed: int, kinds: tuple[Fault, ...]) -> list[str]:
    """What the checker says of two hours full of these faults."""
    return check(run(Plan(seed, 2.0, kinds, OFTEN)).entries)
