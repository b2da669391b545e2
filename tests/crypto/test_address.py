from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onionchat.crypto.address import format_address, parse_address, service_id
from onionchat.errors import UsageError
from tests.crypto.people import ALICE, BOB
from tests.vectors import load

VECTORS = load("address")["addresses"]
ADDRESS = ALICE.service_id


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(UsageError) as caught:
            parse_address(case["text"])
        assert type(caught.value).__name__ == case["refused"]
        assert caught.value.hint
    else:
        assert parse_address(case["text"]).hex() == case["key"]


def test_the_example_of_the_design() -> None:
    assert service_id(ALICE.key) == "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"
    assert format_address(BOB.key) == BOB.service_id + ".onion"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\N{KELVIN SIGN}" + ADDRESS[1:], "ASCII"),
        ("onionchat://" + ADDRESS, "slashes"),
        (ADDRESS[:28] + "\t" + ADDRESS[29:], "white space"),
        ("www." + ADDRESS, "dot"),
        (ADDRESS[:-1], "this has 55"),
        ("1" + ADDRESS[1:], "digits 2-7"),
        (ADDRESS[:-1] + "e", "version 3"),
        ("b" + ADDRESS[1:], "typing mistake"),
        (service_id(b"\1".ljust(32, b"\0")), "no honest program"),
    ],
)
def test_each_mistake_has_its_own_sentence(text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        parse_address(text)


def test_the_sentence_never_repeats_what_was_typed() -> None:
    """A secret lands in the wrong prompt sooner or later."""
    with pytest.raises(UsageError) as caught:
        parse_address("hunter2 hunter2")
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("at", range(len(ADDRESS)))
def test_no_other_letter_at_any_place(at: int) -> None:
    """Misses of the checksum are one in 65536; none of these 1736 is one."""
    for letter in set("abcdefghijklmnopqrstuvwxyz234567") - {ADDRESS[at]}:
        with pytest.raises(UsageError):
            parse_address(ADDRESS[:at] + letter + ADDRESS[at + 1 :])


@given(st.text() | st.text("aeD27.:/ \n", max_size=70))
@example("")
@settings(deadline=None)
def test_anything_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)
