"""The one way for somebody else's text to reach a terminal.

A terminal obeys what it is sent: a message could move the cursor, fill the clipboard
(OSC 52), rename the window, turn the reading direction around, or pretend to be the next
line of this program. `cells.py` decides which characters are shown and which as an
escape; here is where they stand:

    2026-11-23 20:15:02 bob: the first line of what he wrote
      | and every other line, also where the terminal would wrap

No line of a text begins where a line of ours begins, so neither a prompt nor another
sender can be forged. Where the head leaves too little room, or has letters that are
written from right to left (a terminal may then draw the name behind the text), the whole
text stands under the gutter. Lines of ours that are too long go on after an indentation.
They are broken between words where that can be, for the ears of a screen reader too.

Limits: a width is what terminals take by default (East Asian *ambiguous* is one column),
and what may be one or two counts as two. A window that is made narrower later wraps what
already stands there, and so does a pager.
"""

import sys
from itertools import accumulate
from unicodedata import bidirectional, category, east_asian_width

from onionchat.cli.cells import KEYCAP, cells, is_emoji

GUTTER = "  | "
INDENT = "    "
BESIDE = 20
"""Columns of text that must fit beside a head; with less it stands beneath."""

ENDLESS = sys.maxsize
"""The width of what is no terminal."""

_WIDE_SINCE_UNICODE_16 = (("\u4dc0", "\u4dff"), ("\U0001d300", "\U0001d376"))


def line(text: str) -> str:
    """The text as exactly one line: a newline is shown as `\\u{a}`."""
    return "".join(cells(text))


def block(text: str, width: int = ENDLESS) -> str:
    """The text with its own lines, each behind the gutter."""
    room = width - len(GUTTER)
    return "\n".join(GUTTER + piece for piece in _pieces(text, room, room))


def message(head: str, text: str, width: int = ENDLESS) -> str:
    """A line of ours, rendered already, and what somebody said: beside it, and beneath."""
    room = width - columns(head)
    if room < BESIDE or any(bidirectional(char) in {"R", "AL", "AN"} for char in head):
        return f"{folded(head.rstrip(), width)}\n{block(text, width)}"
    return head + f"\n{GUTTER}".join(_pieces(text, room, width - len(GUTTER)))


def folded(text: str, width: int = ENDLESS) -> str:
    """Lines of ours; what of them is longer than the width goes on after an indentation, without
    the space that a full line had no room for."""
    return "\n".join(_folded(part, width) for part in text.split("\n"))


def columns(text: str) -> int:
    """How many terminal columns a rendered text takes at most."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _folded(text: str, width: int) -> str:
    first, *rest = _broken(text, width, width - len(INDENT))
    return f"\n{INDENT}".join([first, *(piece.removeprefix(" ") for piece in rest)])


def _pieces(text: str, first: int, others: int) -> list[str]:
    start, *rest = text.replace("\r\n", "\n").split("\n")
    pieces = _broken(start, first, others)
    return pieces + [piece for part in rest for piece in _broken(part, others, others)]


def _broken(text: str, first: int, others: int) -> list[str]:
    """One line in pieces of so many columns; together they are the whole line."""
    shown = [part for cell in cells(text) for part in _parts(cell, min(first, others))]
    pieces, room = [], first
    while (end := _fitting(shown, room)) < len(shown):
        cut = end if shown[end].isspace() else _after_space(shown, end) or end
        pieces.append("".join(shown[:cut]))
        shown, room = shown[cut:], others
    return [*pieces, "".join(shown)]


def _parts(cell: str, room: int) -> list[str]:
    """A cell, or its characters if it is wider than there is room."""
    return [cell] if columns(cell) <= room else list(cell)


def _fitting(shown: list[str], room: int) -> int:
    """How many cells fit; at least one, so that there is an end."""
    for end, used in enumerate(accumulate(map(columns, shown))):
        if used > room:
            return max(end, 1)
    return len(shown)


def _after_space(shown: list[str], end: int) -> int:
    """Where the last word before `end` begins; 0 if there is but one."""
    return next((at for at in range(end, 0, -1) if shown[at - 1].isspace()), 0)


def _width(char: str) -> int:
    if char == KEYCAP:
        return 1  # 1️⃣ is as wide as other emoji, in some terminals
    if category(char) in {"Mn", "Me", "Cf"}:
        return 0
    if is_emoji(char) or east_asian_width(char) in "WF":
        return 2
    return 2 if any(low <= char <= high for low, high in _WIDE_SINCE_UNICODE_16) else 1
