import textwrap
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onionchat.crypto.identity import Identity
from onionchat.errors import RefusedError, UsageError
from onionchat.protocol import invite
from onionchat.protocol.invite import LENGTH, LONGEST_SECONDS, SCHEME, Invite
from onionchat.types import OnionKey
from tests.crypto.people import ALICE, BOB
from tests.vectors import load

NOW = 1_700_000_000
PLACE = OnionKey(Identity.from_seed(b"p" * 32).key)
GOOD = Invite(ALICE.key, PLACE, b"c" * 32, b"t" * 16, NOW + 3600)
TEXT = invite.encode(GOOD)


@pytest.mark.parametrize("case", load("invite")["invites"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(UsageError) as caught:
            invite.decode(case["text"])
        assert type(caught.value).__name__ == case["refused"]
        return
    found = invite.decode(case["text"])
    assert found.identity.hex() == case["identity"]
    assert found.onion.hex() == case["onion"]
    assert found.client_key.hex() == case["client_key"]
    assert found.token.hex() == case["token"]
    assert found.expiry == case["expiry"]


def test_it_comes_back_as_it_was() -> None:
    assert invite.decode(TEXT) == GOOD
    assert len(TEXT) == len(SCHEME) + LENGTH
    assert invite.is_meant(TEXT)
    assert not invite.is_meant(BOB.service_id)


@pytest.mark.parametrize(
    "worn",
    [
        TEXT.upper(),
        TEXT.removeprefix(SCHEME),
        "\n".join(textwrap.wrap(TEXT, 40)),
        "\r\n".join(textwrap.wrap(TEXT, 72)),
        "".join(f"> {line} \n" for line in textwrap.wrap(TEXT, 66)),
        "".join(f"> | {line}\n" for line in textwrap.wrap(TEXT, 60)),
        "\t" + TEXT + " \n",
    ],
    ids=["capitals", "no scheme", "lines", "mail's lines", "quoted", "quoted twice", "a line"],
)
def test_it_survives_the_way_it_came(worn: str) -> None:
    assert invite.decode(worn) == GOOD


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (TEXT[:-1], "this has 199: it was cut short"),
        (TEXT[: len(TEXT) // 2], "cut short"),
        (SCHEME, "this has 0"),
        (TEXT + "a", "this has 201: something was added"),
        (TEXT + TEXT, "letters a-z"),
        (TEXT.replace("a", "1", 1), "letters a-z"),
        ("\N{KELVIN SIGN}" + TEXT, "ASCII"),
    ],
)
def test_each_mistake_has_its_own_sentence(text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        invite.decode(text)
    assert caught.value.hint


@given(st.integers(len(SCHEME), len(TEXT) - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_other_letter_at_any_place(at: int, letter: str) -> None:
    if TEXT[at] != letter:
        with pytest.raises(UsageError, match="checksum"):
            invite.decode(TEXT[:at] + letter + TEXT[at + 1 :])


@given(st.text() | st.text().map(SCHEME.__add__))
@example(TEXT[:-1] + "1")
def test_whatever_is_typed_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        invite.decode(text)
    said = text.removeprefix(SCHEME)
    assert not said.strip() or len(said) < 5 or said not in caught.value.message


def test_it_prints_nothing() -> None:
    assert repr(GOOD) == "<Invite>"


@pytest.mark.parametrize(
    ("now", "word"),
    [
        (NOW + 3600, "expired"),
        (NOW + 10**9, "expired"),
        (NOW + 3600 - LONGEST_SECONDS - 1, "future"),
        (0, "future"),
    ],
)
def test_another_time_is_not_its_own(now: int, word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        invite.must_be_current(GOOD, now)


@pytest.mark.parametrize("now", [NOW, NOW + 3599.9, NOW + 3600 - LONGEST_SECONDS])
def test_in_its_time_it_is_current(now: float) -> None:
    invite.must_be_current(GOOD, now)
