"""The one way for somebody else's text to reach a terminal.

A terminal obeys what it is sent: a message could move the cursor, fill the clipboard
(OSC 52), rename the window, turn the reading direction around, hide words in characters
that show nothing, or pretend to be the next line of this program. So everything that is
not plainly visible is shown as `\\u{1b}`: controls, format and bidirectional characters,
surrogates, private and unassigned ones, and the invisible letters and marks that Unicode's
categories call visible (measured). At most four combining marks stay on one character.

A text of several lines keeps them, but each after the first begins with a gutter that no
line of this program begins with, also where the terminal would wrap; so neither a prompt
nor another sender's line can be forged. Petnames and texts in errors pass through here too.
"""

import unicodedata

MARKS_PER_CHARACTER = 4
TAB = "    "

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHOWS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS = frozenset(map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)])) | frozenset(
    map(chr, range(0xE0100, 0xE01F0))
)
_EMOJI_STYLE = frozenset("\ufe0e\ufe0f")


def line(text: str) -> str:
    """The text as exactly one line: a newline is shown as `\\u{a}`."""
    return _visible(text)


def block(text: str, gutter: str, width: int | None = None) -> str:
    """The text with its own lines; each after the first begins with `gutter`.

    The first one is meant to follow a prefix as wide as the gutter. With `width`, the
    columns of the terminal, longer lines are broken here, so that the terminal does not.
    """
    room = None if width is None else max(width - len(gutter), 8)
    pieces = [piece for part in text.split("\n") for piece in _broken(_visible(part), room)]
    return f"\n{gutter}".join(pieces)


def columns(text: str) -> int:
    """How many terminal columns a visible text takes."""
    return sum(map(_width, text))


def _visible(text: str) -> str:
    shown: list[str] = []
    marks = MARKS_PER_CHARACTER  # a mark without a character of its own would alter ours
    before = ""
    for char in text:
        if char == "\t":
            shown.append(TAB)
            marks = 0
        elif char in _EMOJI_STYLE and unicodedata.category(before or " ") == "So":
            shown.append(char)
        elif _is_hidden(char):
            shown.append(_escaped(char))
            marks = MARKS_PER_CHARACTER
        elif unicodedata.category(char)[0] == "M":
            marks += 1
            shown.append(char if marks <= MARKS_PER_CHARACTER else _escaped(char))
        else:
            shown.append(char)
            marks = 0
        before = char
    return "".join(shown)


def _is_hidden(char: str) -> bool:
    if " " <= char <= "~":
        return False
    return (
        unicodedata.category(char) in _HIDDEN_CATEGORIES
        or char in _SHOWS_NOTHING
        or char in _SELECTORS
    )


def _escaped(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


def _broken(text: str, room: int | None) -> list[str]:
    """The visible text in pieces of at most `room` columns; one empty piece if empty."""
    if room is None or len(text) * 2 <= room:
        return [text]
    pieces, used = [""], 0
    for char in text:
        width = _width(char)
        if used + width > room:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += width
    return pieces


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
