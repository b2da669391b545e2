"""Nothing a peer writes may do anything to a terminal but show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.cli.render import block, columns, line

GUTTER = "    | "
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00\ufe0f\U000e0100\u180b"

ESCAPES = [
    *(f"\x1b[{number}m" for number in range(108)),
    *(f"\x1b[{letter}" for letter in "ABCDEFGHJKSTfhilmnpqrsu"),
    *(f"\x1b]{code};x\x07" for code in (0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 50, 52, 133, 777, 1337)),
    *(f"\x1b{letter}" for letter in "78=>DEHMNOPXZ\\^_c"),
    *("\x9b2J", "\x9d52;c;aGk=\x9c", "\x90q\x9c", "\x9fx\x9c", "\x1bPtmux;\x1b\x1b\\"),
    *("\b" * 40 + "bob: hi", "\rbob: hi", "\x07", "\x0e", "\x0f", "\x7f", "\x85", "\x00"),
]
HIDDEN = [
    *(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C)),
    *(chr(code) for code in (*range(0x200B, 0x2010), 0xFEFF, 0xAD, 0x2028, 0x2029, 0x2060)),
    *(chr(code) for code in range(0xE0020, 0xE0040)),
    *(*INVISIBLE, "\ud800", "\udfff", "\ue000", "\uffff", "\U0010ffff", "\U000f0000"),
]
HOSTILE = [*ESCAPES, *HIDDEN]


def is_harmless(text: str) -> bool:
    """Only what shows, no category or known gap that does not."""
    return all(
        unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        and (char not in INVISIBLE or char == "\ufe0f")
        for char in text
    )


def test_the_corpus_is_large_enough() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_strings_are_shown_and_do_nothing(text: str) -> None:
    assert is_harmless(line(f"a{text}b"))
    assert is_harmless(block(f"a{text}b", GUTTER, 40).replace("\n", ""))
    assert "\\u{" in line(text)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    assert is_harmless(line(text))
    assert is_harmless(block(text, GUTTER).replace("\n", ""))


@given(st.text(st.sampled_from("ab\n\r\t: |中\u0301\x1b\u202e"), max_size=120), st.integers(20, 60))
def test_every_line_after_the_first_begins_with_the_gutter_and_fits(text: str, width: int) -> None:
    first, *others = block(text, GUTTER, width).split("\n")
    assert columns(first) <= width - len(GUTTER)
    assert all(other.startswith(GUTTER) and columns(other) <= width for other in others)


def test_a_forged_sender_stays_behind_the_gutter() -> None:
    shown = block("hi\n2026-01-01 00:00:00 bob: pay\n\n$ rm -rf", GUTTER)
    assert shown == f"hi\n{GUTTER}2026-01-01 00:00:00 bob: pay\n{GUTTER}\n{GUTTER}$ rm -rf"


def test_a_line_is_one_line() -> None:
    assert line("bob\nmallory") == "bob\\u{a}mallory"


def test_escapes_name_the_character() -> None:
    assert line("\x1b[31m\u202e\ud800") == "\\u{1b}[31m\\u{202e}\\u{d800}"


def test_combining_marks_are_bounded() -> None:
    shown = line("e" + "\u0301" * 500)
    assert shown.count("\u0301") == 4
    assert shown.count("\\u{301}") == 496


def test_a_mark_cannot_alter_our_own_character() -> None:
    assert line("\u0338x") == "\\u{338}x"
    assert block("a\n\u0338x", GUTTER) == f"a\n{GUTTER}\\u{{338}}x"


@pytest.mark.parametrize(
    "text",
    [
        "plain text, with: punctuation!",
        "Grüße",
        "привет",
        "שלום",
        "مرحبا",
        "中文",
        "e\u0301",
        "❤️ 👍",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert line(text) == text


def test_a_tab_is_shown_as_spaces() -> None:
    assert line("a\tb") == "a    b"
