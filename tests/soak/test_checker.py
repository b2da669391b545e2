"""The checker of the soak: a clean trace passes, and each fault that is planted is found."""

from copy import deepcopy

import pytest

from tests.soak.checker import check
from tests.soak.trace import Line

Lines = list[Line]


def said(at: float, what: str, number: int) -> Line:
    letter = {"sender": "alice", "receiver": "bob", "text": f"text {number}"}
    how = {"kind": "text", "late": False, "missing": 0} if what == "displayed" else {}
    return {"at": at, "what": what, **letter, **how}


def moved(at: float, what: str, who: str) -> Line:
    return {"at": at, "what": what, "who": who, "how": "killed"}


def kept(who: str, other: str, direction: str, state: str) -> Line:
    rows = [[direction, f"text {number}", state] for number in range(4)]
    return {"at": 99.0, "what": "kept", "who": who, "with": other, "rows": rows}


def clean() -> Lines:
    """Text 2 waits for Bob, and comes 3 s after he is back; text 4 was never answered."""
    first = [said(n, what, n) for n in (0, 1) for what in ("tried", "acknowledged", "displayed")]
    return [
        *first,
        moved(10, "away", "bob"),
        said(11, "tried", 2),
        said(12, "acknowledged", 2),
        moved(20, "back", "bob"),
        said(23, "displayed", 2),
        *(said(24, what, 3) for what in ("tried", "displayed", "acknowledged")),
        said(25, "tried", 4),
        kept("alice", "bob", "out", "delivered"),
        kept("bob", "alice", "in", "unread"),
    ]


def place(lines: Lines, what: str, number: int) -> int:
    return lines.index(
        next(x for x in lines if x["what"] == what and x["text"].endswith(str(number)))
    )


def test_a_clean_trace_passes_and_its_return_is_timed() -> None:
    verdict = check(clean())
    assert verdict.violations == []
    assert verdict.messages == 4
    assert verdict.waits == {"killed": [3.0]}


def lost(lines: Lines) -> None:
    del lines[place(lines, "displayed", 2)]


def doubled(lines: Lines) -> None:
    lines.insert(-2, said(30, "displayed", 1))


def invented(lines: Lines) -> None:
    lines.insert(-2, said(30, "displayed", 9))


def swapped(lines: Lines) -> None:
    """Text 1 comes before text 0."""
    first = lines.pop(place(lines, "displayed", 0))
    lines.insert(place(lines, "displayed", 1) + 1, first)


def alarmed(lines: Lines) -> None:
    lines.insert(-2, said(30, "displayed", 3) | {"kind": "notice", "text": "a rollback"})


def forgotten(lines: Lines) -> None:
    del lines[-1]["rows"][1]


def kept_twice(lines: Lines) -> None:
    lines[-1]["rows"].append(lines[-1]["rows"][0])


def stuck(lines: Lines) -> None:
    lines[-2]["rows"][3][2] = "sent"


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (lost, "lost: alice to bob: text 2"),
        (doubled, "displayed twice: alice to bob: text 1"),
        (invented, "never sent: alice to bob: text 9"),
        (swapped, "out of order: alice to bob: text 0"),
        (alarmed, "a false alarm (notice)"),
        (forgotten, "kept 0 times by bob: alice to bob: text 1"),
        (kept_twice, "kept 2 times by bob: alice to bob: text 0"),
        (stuck, "sent at the end: alice to bob: text 3"),
    ],
)
def test_each_planted_fault_is_found(plant: object, words: str) -> None:
    lines = deepcopy(clean())
    assert callable(plant)
    plant(lines)
    assert words in "\n".join(check(lines).violations)


def test_out_of_order_with_a_mark_is_no_fault() -> None:
    lines = deepcopy(clean())
    swapped(lines)
    for line in lines:
        if line["what"] == "displayed" and line["text"] == "text 0":
            line["late"] = True
    assert check(lines).violations == []


def test_a_return_that_never_gets_its_messages_counts_until_the_end() -> None:
    lines = clean()
    lost(lines)
    lines[-2:] = [moved(120, "away", "alice")]
    verdict = check(lines)
    assert verdict.waits == {"killed": [100.0]}


def test_who_was_away_too_is_not_waited_for() -> None:
    lines = clean()
    lines.insert(6, moved(5, "away", "alice"))
    assert check(lines).waits == {}
