"""What may be sent to a terminal, character by character: the rest is shown as `\\u{1b}`.

Unicode's categories decide first: controls, format and bidirectional characters, line and
paragraph separators, surrogates, private and unassigned ones are hidden things. Then come
the letters, marks and symbols that show nothing although their category says they do
(found by their names and looked at), and variation selectors and tags, in which bytes can
travel unseen; so the flags of England, Scotland and Wales are shown as their escapes.

Some characters that show nothing are part of ordinary writing, and stay where they do
something:

- the joiners U+200C and U+200D after a virama (RFC 5892, appendix A), before one (Bengali,
  Kannada), beside a letter of a script that joins its letters (Persian; also where a
  foreign word gets a Persian ending), and U+200D between emoji;
- the selectors of text and emoji style, one after an emoji, and in keycaps.

A *cell* is what is shown or broken as a whole: a character with the marks on it, an emoji
of several, or an escape. It carries at most four marks and joiners, as many as the longest
emoji and more than any language stacks, so nothing grows over its neighbours. A mark
without a character of its own is escaped: it would stand on one of ours.
"""

from itertools import zip_longest
from unicodedata import category, combining

MARKS = 4
TAB = "    "

ZWNJ, ZWJ = "\u200c", "\u200d"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
KEYCAP = "\u20e3"

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHOWS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
    "\U00013441\U00013442\U00016fe4\U0001bc9d\U0001d159"
)
_EMOJI = frozenset(
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194\u2195\u2196\u2197\u2198\u2199\u21a9\u21aa\u24c2"
    "\u2934\u2935\u2b05\u2b06\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299"
)
VIRAMA = 9
"""The canonical combining class of the signs that take a consonant's vowel away."""


def cells(text: str) -> list[str]:
    """The text as it may be shown, in cells; a newline is an escape like any control."""
    if text.isascii() and text.isprintable():
        return list(text)
    shown: list[str] = []
    marks, before = MARKS, ""
    for char, after in zip_longest(text, text[1:], fillvalue=""):
        is_mark = _is_mark(char)
        if not _shows(before, char, after) or (is_mark and marks == MARKS):
            shown.append(f"\\u{{{ord(char):x}}}")
            marks, before = MARKS, ""
            continue
        if is_mark or _goes_on(before, char):
            shown[-1] += char
            marks += is_mark
        else:
            shown.append(TAB if char == "\t" else char)
            marks = 0
        before = char
    return shown


def is_emoji(char: str) -> bool:
    """Whether it can be part of an emoji: by block where a block holds little else.

    What is unassigned in the blocks above U+1F000 is kept for emoji by Unicode
    (Extended_Pictographic): this Python may be older than somebody's telephone.
    """
    return (
        "\U0001f000" <= char <= "\U0001faff"
        or "\u231a" <= char <= "\u23ff"
        or "\u25aa" <= char <= "\u27bf"
        or char in _EMOJI
    )


def _shows(before: str, char: str, after: str) -> bool:
    """Whether a character does something that can be seen between these two."""
    if " " <= char <= "~" or char == "\t":
        return True
    if char in {ZWNJ, ZWJ}:
        return _joins(before, char, after)
    if "\ufe00" <= char <= "\ufe0f":
        return _styles(before, char, after)
    if char in _SHOWS_NOTHING or "\U000e0000" <= char <= "\U000e0fff":
        return False
    return category(char) not in _HIDDEN or (category(char) == "Cn" and is_emoji(char))


def _joins(before: str, char: str, after: str) -> bool:
    if not before:
        return False
    if combining(before) == VIRAMA or (_is_joined(before) and (char == ZWJ or _is_word(after))):
        return True
    if char == ZWNJ:
        return _is_word(before) and _is_joined(after)
    if is_emoji(before) or before == EMOJI_STYLE:
        return is_emoji(after)
    return category(before)[0] == "L" and after != "" and combining(after) == VIRAMA


def _styles(before: str, char: str, after: str) -> bool:
    if char == EMOJI_STYLE and after == KEYCAP:
        return before != "" and before in "0123456789#*"
    return char in {TEXT_STYLE, EMOJI_STYLE} and is_emoji(before)


def _goes_on(before: str, char: str) -> bool:
    """Whether it is drawn into the emoji that stands before it."""
    if before == ZWJ:
        return is_emoji(char)
    return _is_tone(char) and is_emoji(before) and not _is_tone(before)


def _is_mark(char: str) -> bool:
    return category(char)[0] == "M" or char in {ZWNJ, ZWJ}


def _is_tone(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def _is_word(char: str) -> bool:
    return char != "" and category(char)[0] in "LMN"


def _is_joined(char: str) -> bool:
    """A letter, mark or digit of Arabic, Syriac, N'Ko and Mandaic, or of Mongolian."""
    return _is_word(char) and ("\u0600" <= char <= "\u08ff" or "\u1800" <= char <= "\u18af")
