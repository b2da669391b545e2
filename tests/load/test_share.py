"""What `make load` does with much, done here with little, and not timed: that it is right."""

from pathlib import Path

import pytest

from tests.load import alike, history, queue, street_node
from tests.load.bar import Bar

FEW = 300


@pytest.fixture(autouse=True)
def one_start_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street_node, "STARTS", 1)


def test_a_queue_is_drained_once_and_in_order(tmp_path: Path) -> None:
    *_, wrong = queue.figures(tmp_path, FEW)
    assert wrong.value == 0, wrong


def test_a_history_is_asked_for_what_is_in_it(tmp_path: Path) -> None:
    assert len(list(history.figures(tmp_path, 10 * FEW))) == 6


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [("abc", 0), ("ab", 1), ("abcc", 1), ("bac", 2), ("abd", 1), ("", 3)],
)
def test_what_is_not_in_its_place_is_counted(heard: str, wrong: int) -> None:
    assert queue.misplaced(list(heard), list("abc")) == wrong


def test_a_bar_that_is_missed_says_so() -> None:
    assert str(Bar("a start", 3.5, "s", 3.0)) == "a start: 3.50 s (bar 3): MISSED"
    assert str(Bar("a start", 2.5, "s", 3.0, "rather good")).endswith(": ok; rather good")


@pytest.mark.parametrize(
    ("other", "apart"), [([1.0, 2.0, 3.0], 0.0), ([2.0, 3.0, 4.0], 1 / 3), ([4.0, 5.0, 6.0], 1.0)]
)
def test_two_distributions_have_a_distance(other: list[float], apart: float) -> None:
    assert alike.distance([1.0, 2.0, 3.0], other) == pytest.approx(apart)
    assert alike.distance(other, [1.0, 2.0, 3.0]) == pytest.approx(apart)


def test_strangers_who_are_seen_alike_are_and_one_who_waits_is_told_apart() -> None:
    """The instrument alone, with times that are made: a turn of visits, and one kind later."""
    kinds = (*alike.ROOM, *alike.FULL, *alike.POSING)
    seen = {kind: alike.Seen() for kind in kinds}
    for each in seen.values():
        for times in each.times.values():
            times += [number / 1000 for number in range(100)]
    assert all(bar.kept for bar in alike.compared(seen, 100))
    seen["blocked"].times["end"] = [1.0] * 100
    seen["as a contact"].times[alike.UNMASKED] = [1.0] * 100
    missed = [bar.name for bar in alike.compared(seen, 100) if not bar.kept]
    assert missed == ["time until end, distance", "time until who poses is hung up on, distance"]
