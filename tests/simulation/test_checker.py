"""The checker says what is wrong with a trace, and nothing about one that is right."""

from typing import Any

import pytest

from tests.simulation.checker import DIALS_AN_HOUR, check
from tests.simulation.trace import Entry

Step = tuple[Any, ...]
TEXT, NEXT = "anna>ben 1", "anna>ben 2"


def trace(*steps: Step) -> list[str]:
    """What the checker says; a step is a machine, what happened there, and words."""
    return check([Entry(float(at), who, what, words) for at, (who, what, *words_) in
                  enumerate(steps) for words in (tuple(words_),)])  # fmt: skip


def sent(text: str) -> list[Step]:
    return [("anna", "tried", text), ("anna", "accepted", text)]


def came(text: str, *, late: bool = False) -> list[Step]:
    return [
        ("ben", "received", text, late, 1),
        ("anna", "state", text, "delivered"),
        ("ben", "shown", text, "anna", 0, late),
        ("ben", "read", text),
    ]


def test_a_trace_in_which_all_is_well_says_nothing() -> None:
    assert trace(*sent(TEXT), *came(TEXT), *sent(NEXT), *came(NEXT)) == []


def test_a_text_that_was_taken_back_is_owed_to_nobody() -> None:
    cancelled = ("anna", "history", "ben", "out", TEXT, "cancelled")
    assert trace(*sent(TEXT), ("anna", "regrets", TEXT), cancelled) == []
    assert "by nobody" in trace(*sent(TEXT), cancelled)[0]
    assert "was lost" in trace(*sent(TEXT), ("anna", "regrets", TEXT))[0]


WRONG = {
    "was lost": sent(TEXT),
    "never learned": [*sent(TEXT), came(TEXT)[0], *came(TEXT)[2:]],
    "early": [*sent(TEXT), came(TEXT)[1], came(TEXT)[0], *came(TEXT)[2:]],
    "stored twice": [*sent(TEXT), came(TEXT)[0], *came(TEXT)],
    "shown after it was read": [*sent(TEXT), *came(TEXT), came(TEXT)[2]],
    "shown and is not stored": [came(TEXT)[2]],
    "never shown": [*sent(TEXT), *came(TEXT)[:2]],
    "disorder": [*sent(TEXT), *sent(NEXT), *came(NEXT), *came(TEXT)],
    "forged": came(TEXT),
    "stuck": [("anna", "outbox", "ben", "queued", "offline")],
    "false alarm": [("ben", "notice", "anna", "somebody was restored")],
    "a key was used": [("world", "key twice")],
    "dials to ben within an hour": [("anna", "dial", "ben")] * (DIALS_AN_HOUR + 1),
    "who has shut anna out": [("ben", "shut out", "anna"), ("anna", "link", "ben", "inbox")],
    "address, which is off": [("ben", "hidden"), ("anna", "link", "ben", "address")],
    "heard": [("ben", "shut out", "anna"), *sent(TEXT), *came(TEXT)],
    "differs on the two sides": [("anna", "history", "ben", "out", TEXT, "delivered")],
}


@pytest.mark.parametrize("sentence", WRONG)
def test_whatever_is_wrong_is_said(sentence: str) -> None:
    (said, *more) = trace(*WRONG[sentence])
    assert sentence in said
    assert more == []


def test_a_guest_is_no_alarm() -> None:
    news: Step = ("ben", "notice", "anna", "They came with the invite that you made for them.")
    assert trace(news) == []
    assert "no alarm" in trace(*put_back(*sent(TEXT), *came(TEXT)), news)[0]


def test_who_falls_out_may_be_taken_for_somebody_else() -> None:
    assert "false alarm" in trace(ALARM)[0]
    assert trace(("anna", "falls out", "ben"), ALARM) == []


def test_a_mark_makes_up_for_the_order() -> None:
    assert trace(*sent(TEXT), *sent(NEXT), *came(NEXT), *came(TEXT, late=True)) == []


def put_back(*steps: Step) -> list[Step]:
    """Anna's disk is copied, these things happen, and the copy is put back."""
    return [("anna", "copied"), *steps, ("anna", "restored")]


ALARM: Step = ("ben", "notice", "anna", "somebody was restored")


def test_what_a_disk_forgot_is_owed_no_more_but_there_must_be_an_alarm() -> None:
    forgot = put_back(*sent(TEXT), *came(TEXT))
    assert trace(*forgot, ALARM) == []
    (said,) = trace(*forgot)
    assert "no alarm, though anna's disk was put back" in said


def test_what_both_have_forgotten_nobody_can_tell() -> None:
    both = [("ben", "copied"), *put_back(*sent(TEXT), *came(TEXT)), ("ben", "restored")]
    assert trace(*both) == []
    twice = [*put_back(*sent(TEXT), *came(TEXT)), ("anna", "restored")]
    assert "no alarm" in trace(*twice)[0]
    knows = [*sent(TEXT), *came(TEXT), ("ben", "copied"), ("anna", "restored"), ("ben", "restored")]
    assert "no alarm" in trace(("anna", "copied"), *knows)[0]


def test_a_disk_that_forgot_nothing_needs_no_alarm() -> None:
    assert trace(*sent(TEXT), *came(TEXT), *put_back()) == []


def test_what_had_come_and_was_not_confirmed_must_come_again() -> None:
    back = "ben>anna 1"
    steps = [("ben", "tried", back), ("ben", "accepted", back)]
    came_unconfirmed = ("anna", "received", back, False, 1)
    (said,) = trace(*steps, *put_back(came_unconfirmed))
    assert f"{back} was lost" in said


def test_whom_nobody_shuts_out_or_who_is_let_in_again_may_come() -> None:
    links = [("anna", "link", "ben", "inbox"), ("anna", "link", "ben", "address")]
    assert trace(*links, ("ben", "shut out", "eva"), ("eva", "hidden"), *links) == []
    away = [("ben", "shut out", "anna"), ("ben", "hidden")]
    back = [("ben", "lets in", "anna"), ("ben", "found")]
    assert trace(*away, *back, *links, *sent(TEXT), *came(TEXT)) == []
    assert len(trace(*away, *links, *back)) == 2


def test_a_disk_that_was_put_back_has_forgotten_whom_it_shut_out() -> None:
    shut_out: Step = ("anna", "shut out", "ben")
    assert trace(*put_back(shut_out), ("ben", "link", "anna", "inbox")) == []


def test_what_was_said_before_somebody_was_removed_is_of_no_matter() -> None:
    parting: list[Step] = [("ben", "parting", "anna"), ("ben", "shut out", "anna")]
    again: list[Step] = [("ben", "lets in", "anna"), ("ben", "notice", "anna", "who is this?")]
    assert trace(*sent(TEXT), *parting, *again) == []
    assert trace(*sent(TEXT), *came(TEXT), *parting, *again, *came(TEXT)) == []
    assert trace(parting[0], *sent(TEXT), parting[1], *again) == []
    (said,) = trace(*parting, *sent(TEXT), *again)
    assert "was lost" in said
