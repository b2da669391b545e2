"""Records leave in four sizes only, so that their length tells next to nothing.

    length u32 | record | zeros          1522, 5426, 13234 or 28850 bytes

With the ratchet's overhead of 2362 bytes and the frame's of 20 each size fills a frame of 8,
16, 32 or 64 cells exactly. Nothing is compressed: a length must not depend on what is said.

We pad to the smallest size that holds the record. A receiver takes any of the four, whatever
the record's length: a larger one hides more and is nobody's mistake. Any other length, a
claim that leaves the buffer and padding that is not zero are refused, so that the bytes
between have no second reading.
"""

from typing import Final

from onionchat.errors import LocalError, RemoteError

SIZES: Final = (1522, 5426, 13234, 28850)
_LENGTH: Final = 4
LARGEST_RECORD: Final = SIZES[-1] - _LENGTH


def pad(record: bytes) -> bytes:
    """`record` in the smallest size that holds it. At most 28846 bytes, else LocalError."""
    needed = _LENGTH + len(record)
    for size in SIZES:
        if needed <= size:
            return (len(record).to_bytes(_LENGTH, "big") + record).ljust(size, b"\0")
    raise LocalError("a record is larger than the largest padded size")


def unpad(padded: bytes) -> bytes:
    """The record inside. RemoteError if the peer did not pad by the rules above."""
    if len(padded) not in SIZES:
        raise RemoteError("a padded record has none of the four sizes")
    end = _LENGTH + int.from_bytes(padded[:_LENGTH], "big")
    if end > len(padded):
        raise RemoteError("a record claims more than its padding holds")
    if padded[end:] != bytes(len(padded) - end):
        raise RemoteError("the padding of a record is not zero")
    return padded[_LENGTH:end]
