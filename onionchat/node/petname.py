"""Petnames: what a person calls a contact, on this machine only.

A name stands where a mistake sends a message to the wrong person, so it must look like
nothing else: 1 to 32 printable characters in NFC, no white space at the ends, not digits
only (a request's number), no leading `-` (an option), not like an address or an invite, nor
like the owner; and no two names may look the same. Looking the same is decided by a skeleton:
compatibility forms, case, accents and gaps are folded away, and letters that pass for a Latin
one become it (after Unicode TS 39, reduced to what passes in a terminal font).
"""

import re
import unicodedata

from onionchat.errors import UsageError

LONGEST = 32
OWNER = "me"
"""What `history` (cli/history.py) calls the owner of the profile."""

_LOOKALIKES = str.maketrans(
    {
        **dict(zip("авсԁеғԍһіјкӏмпорԛгѕтυѵԝхуҽ", "abcdefghijklmnopqrstuvwxye", strict=True)),
        **dict(zip("αβγειίκνορσςτυχωηµ", "abyeiiknopocuuxwnu", strict=True)),
        **dict(zip("ıłøđħŧœæßǀ|!1l0", "iiodhtoaeiiiiio"[:15], strict=True)),
        **dict(zip("ոսօցհզյ", "nuoghqj", strict=True)),
        "m": "rn",
        "w": "vv",
    }
)

_ADDRESS_LIKE = re.compile(r"\.onion|^onionchat:|^[a-z2-7]{56}$", re.IGNORECASE)
_INVITE_LIKE = re.compile(r"^onionchat-invite:", re.IGNORECASE)
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by category that show nothing (measured)."""


def check_petname(name: str) -> str:
    """The name, if it may be one; UsageError says what is wrong with it."""
    wrong = _what_is_wrong(name)
    if wrong:
        raise UsageError(
            f"that cannot be a contact's name: {wrong}", "choose another, such as bob or anna-b"
        )
    return name


def skeleton(name: str) -> str:
    """What the name looks like: names with one skeleton can be taken for each other."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(char for char in folded if unicodedata.category(char)[0] in "LNPS")
    return bare.translate(_LOOKALIKES)


def _what_is_wrong(name: str) -> str | None:
    if _ADDRESS_LIKE.search(name):
        return "it looks like an address"
    if _INVITE_LIKE.search(name):
        return "it looks like an invite"
    if not 1 <= len(name) <= LONGEST:
        return f"it must have 1 to {LONGEST} characters"
    if not all(char.isprintable() and char not in _BLANK for char in name):
        return "it has a character that cannot be printed"
    if unicodedata.normalize("NFC", name) != name:
        return "its accents are not in the composed form (NFC)"
    if name != name.strip() or not skeleton(name):
        return "it begins or ends with white space, or shows nothing"
    if name.isdigit():
        return "it has only digits, like the number of a request"
    if name.startswith("-"):
        return "it begins with - like an option"
    if skeleton(name) == skeleton(OWNER):
        return "it looks like the word that stands for yourself"
    return None
