"""Nothing a peer writes may do anything to a terminal but show; real writing shows as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.cli.cells import MARKS, cells
from onionchat.cli.render import GUTTER, INDENT, block, columns, folded, line, message

ORDINARY = [
    "plain text, with: punctuation!",
    "Grüße",
    "привет",
    "שלום",
    "שָׁלוֹם",
    "مرحبا",
    "中文",
    "e\u0301",
    "ที่นี่",
    "a\u00a0b\u3000c",
]
JOINED = [
    *(
        "می\u200cخواهم",
        "کتاب\u200cها",
        "خانه\u200cای",
        "کار\u200cها",
        "PDF\u200cها",
        "۲۰\u200cساله",
    ),
    *("ه\u200d.ش", "ق.ه\u200d"),
    *("क्\u200dष", "क्\u200cष", "र्\u200dय", "श्री", "ක්\u200dෂ", "ന്\u200d", "র\u200d্যাব"),
]
EMOJI = [
    *(
        "❤\ufe0f 👍",
        "☎\ufe0e",
        "‼\ufe0f",
        "©\ufe0f",
        "1\ufe0f\u20e3",
        "#\ufe0f\u20e3",
        "👍🏽",
        "🇩🇪",
    ),
    *(
        "👨\u200d👩\u200d👧\u200d👦",
        "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏿",
        "🏳\ufe0f\u200d🌈",
        "🏴\u200d☠\ufe0f",
    ),
    *(
        "👩🏽\u200d🚀",
        "👁\ufe0f\u200d🗨\ufe0f",
        "🏃🏽\u200d♀\ufe0f\u200d➡\ufe0f",
        "🧑\u200d🧑\u200d🧒\u200d🧒",
        "\U0001faf6",
    ),
    "\U0001fae8",  # of Unicode 15: unassigned for Python 3.11
]
MISPLACED = [
    *(f"a{joiner}b" for joiner in "\u200c\u200d"),
    *(f"{joiner}ب" for joiner in "\u200c\u200d"),
    *(
        "ب\u200c",
        "ب\u200c .",
        "ب\u200c\u200cب",
        "ب\u200d\u200dب",
        "क्\u200d\u200d",
        "क\u200d",
        "क\u200cष",
    ),
    *(
        "👨\u200d",
        "\u200d👨",
        "👨\u200da",
        "a\u200d👨",
        "👨\u200c👩",
        "👨\u200d\u200d👩",
        "│\u200d│",
        "中\u200d中",
    ),
    *(
        "a\ufe0f",
        "\ufe0f",
        "👍\ufe0f\ufe0f",
        "👍\ufe0e\ufe0f",
        "1\ufe0f",
        "1\ufe0fa",
        "a\ufe0f\u20e3",
    ),
    *("👍\ufe00", "👍\U000e0100", "中\ufe00", "中\U000e0101", "🏴\U000e0067\U000e007f", "ᠠ\u180b"),
    "👨" + "\u200d👨" * 5,
    *("\u0301", "a\u0301" + "\u0301" * 4, "\x1b\u0301", "\n\u0338x"),
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u2800", "\u3164", "\uffa0", "\ufffc", "\U0001d159"),
]


@pytest.mark.parametrize("text", [*ORDINARY, *JOINED, *EMOJI], ids=ascii)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert line(text) == text


@pytest.mark.parametrize("text", [text for text in EMOJI if "\u200d" in text], ids=ascii)
def test_an_emoji_of_several_is_never_broken(text: str) -> None:
    assert cells(f"a{text}b") == ["a", *text.split(), "b"]


@pytest.mark.parametrize("text", MISPLACED, ids=ascii)
def test_what_shows_nothing_where_it_stands_is_escaped(text: str) -> None:
    assert "\\u{" in line(text)


def test_escapes_name_the_character() -> None:
    assert line("\x1b[31m\u202e\ud800") == "\\u{1b}[31m\\u{202e}\\u{d800}"
    assert line("👨\u200d\u200d👩") == "👨\\u{200d}\\u{200d}👩"


def test_a_line_is_one_line() -> None:
    assert line("bob\nmallory") == "bob\\u{a}mallory"


def test_an_emoji_has_one_tone() -> None:
    assert cells("👍🏽🏿") == ["👍🏽", "🏿"]


def test_a_tab_is_shown_as_spaces() -> None:
    assert line("a\tb") == "a    b"


def test_combining_marks_are_bounded() -> None:
    shown = line("e" + "\u0301" * 500)
    assert shown.count("\u0301") == MARKS
    assert shown.count("\\u{301}") == 500 - MARKS


SHOWABLE = {"\u200c", "\u200d", "\ufe0e", "\ufe0f"}


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    shown = line(text)
    assert all(
        unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        for char in set(shown) - SHOWABLE
    )
    assert line(shown) == shown  # rendering twice is rendering once


TRICKY = "ab \n\r\t: |中क्ب\u0301\u200c\u200d\ufe0f👨🏽\x1b\u202e"
WIDTHS = st.integers(20, 60)


@given(st.text(st.sampled_from(TRICKY), max_size=120), WIDTHS)
def test_every_line_begins_with_the_gutter_and_fits(text: str, width: int) -> None:
    rows = block(text, width).split("\n")
    assert all(row.startswith(GUTTER) and columns(row) <= width for row in rows)
    assert "".join(row.removeprefix(GUTTER) for row in rows) == "".join(
        line(part) for part in text.replace("\r\n", "\n").split("\n")
    )


@given(st.text(st.sampled_from(TRICKY), max_size=120), WIDTHS)
def test_a_message_begins_with_its_head(text: str, width: int) -> None:
    rows = message("12:00 bob: ", text, width).split("\n")
    assert rows[0].startswith("12:00 bob:")
    assert all(row.startswith(GUTTER) for row in rows[1:])
    assert all(columns(row) <= width for row in rows)


@given(st.text(st.sampled_from(TRICKY.replace("\n", "")), max_size=120), WIDTHS)
def test_a_line_of_ours_goes_on_indented(text: str, width: int) -> None:
    rows = folded(text, width).split("\n")
    assert all(row.startswith(INDENT) for row in rows[1:])
    assert all(columns(row) <= width for row in rows)


def test_a_forged_sender_stays_behind_the_gutter() -> None:
    shown = block("hi\r\n2026-01-01 00:00:00 bob: pay\n\n$ rm -rf")
    assert shown == "  | hi\n  | 2026-01-01 00:00:00 bob: pay\n  | \n  | $ rm -rf"


def test_lines_are_broken_between_words() -> None:
    assert block("one two three four", 14) == "  | one two \n  | three four"
    assert block("one two threefourfive", 14) == "  | one two \n  | threefourf\n  | ive"
    assert folded("one two three", 8) == "one two \n    thre\n    e"
    assert folded("to be or not to be", 12) == "to be or not\n    to be"


def test_without_room_the_text_stands_beneath() -> None:
    assert message("20:15 bob: ", "hi", 40) == "20:15 bob: hi"
    assert message("20:15 bob: ", "hi", 20) == "20:15 bob:\n  | hi"
    assert message("20:15 bartholomew: ", "hi", 12) == "20:15 \n    bartholo\n    mew:\n  | hi"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        *(("abc", 3), ("e\u0301", 1), ("中", 2), ("ﾊﾟ", 2), ("می\u200cخو", 4), ("क्\u200dष", 2)),
        *(("❤\ufe0f", 2), ("1\ufe0f\u20e3", 2), ("🇩🇪", 4), ("👨\u200d👩", 4), ("\u4dc0", 2)),
    ],
)
def test_what_may_be_wide_counts_as_wide(text: str, most: int) -> None:
    assert columns(text) == most


def test_a_name_from_right_to_left_has_its_line_alone() -> None:
    assert message("20:15 אבי: ", "anna: hi") == "20:15 אבי:\n  | anna: hi"
