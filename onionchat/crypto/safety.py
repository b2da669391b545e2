"""The safety number: twelve groups of five digits that two people compare aloud.

Both see the same number, made of the two identity keys in bytewise order. If somebody
stands between them, or one talks to another address than they think, it differs.
"""

import hashlib

from onionchat.crypto.kdf import LABEL
from onionchat.types import IdentityKey

GROUPS = 12
_GROUP_BYTES = 5


def safety_number(one: IdentityKey, other: IdentityKey) -> str:
    """Twelve groups of five digits, separated by spaces (docs/protocol.md 1)."""
    lower, higher = sorted((one, other))
    digest = hashlib.sha512(LABEL + b"safety\0" + lower + higher).digest()
    starts = range(0, GROUPS * _GROUP_BYTES, _GROUP_BYTES)
    numbers = (int.from_bytes(digest[at : at + _GROUP_BYTES], "big") for at in starts)
    return " ".join(f"{number % 100000:05d}" for number in numbers)
