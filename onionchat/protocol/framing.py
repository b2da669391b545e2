"""Frames: fixed sizes, one AEAD key and one counter for each direction.

    class u8 | ciphertext              488 * 2^class bytes in all, class 0..6
    plaintext = type u8 | length u16 | payload | zeros
    ciphertext = ChaCha20-Poly1305(key, nonce = 0^4 || counter u64, plaintext, ad = class u8)

The class is the only thing a wire shows, and a wire inside Tor shows only cells. Control
frames are of class 0, so that they look alike; an envelope takes the smallest class that
holds it, and a receiver takes it in any. Counters start at 0 and never skip: a frame that is
lost, repeated, moved or reflected does not open, and then nothing after it does.
"""

from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.limits import CELL, LARGEST_CLASS

_HEAD: Final = 3
_TAG: Final = 16
OVERHEAD: Final = 1 + _HEAD + _TAG
"""Bytes of a frame that are not payload or padding."""
LARGEST_PAYLOAD: Final = (CELL << LARGEST_CLASS) - OVERHEAD


class Kind(IntEnum):
    ENVELOPE = 1
    HELLO = 2
    PING = 3
    PONG = 4
    BULK = 5
    BYE = 6


_CONTROL: Final = frozenset({Kind.HELLO, Kind.PING, Kind.PONG, Kind.BYE})


def frame_length(size_class: int) -> int:
    """Bytes of a whole frame, known from its first byte. RemoteError above class 6."""
    if size_class > LARGEST_CLASS:
        raise RemoteError("a frame has an unknown class")
    return CELL << size_class


def smallest_class(payload_length: int) -> int:
    for size_class in range(LARGEST_CLASS + 1):
        if payload_length + OVERHEAD <= CELL << size_class:
            return size_class
    raise LocalError("a payload is larger than the largest frame")


class Sealer:
    """Frames of one direction, outgoing. Nothing of the key is shown."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._counter = 0

    def seal(self, kind: Kind, payload: bytes) -> bytes:
        """One whole frame of the smallest class that holds `payload`."""
        size_class = smallest_class(len(payload))
        ad = bytes([size_class])
        head = bytes([kind]) + len(payload).to_bytes(2, "big")
        plaintext = (head + payload).ljust((CELL << size_class) - 1 - _TAG, b"\0")
        frame = ad + self._aead.encrypt(_nonce(self._counter), plaintext, ad)
        self._counter += 1
        return frame


class Opener:
    """Frames of one direction, incoming."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._counter = 0

    def open(self, frame: bytes | bytearray) -> tuple[Kind, bytes]:
        """Type and payload of the next frame, whole and of a known class."""
        ad = bytes(frame[:1])
        try:
            plaintext = self._aead.decrypt(_nonce(self._counter), frame[1:], ad)
        except InvalidTag:
            raise RemoteError("a frame does not open") from None
        self._counter += 1
        return _parse(frame[0], plaintext)


def _nonce(counter: int) -> bytes:
    return bytes(4) + counter.to_bytes(8, "big")


def _parse(size_class: int, plaintext: bytes) -> tuple[Kind, bytes]:
    try:
        kind = Kind(plaintext[0])
    except ValueError:
        raise RemoteError("a frame has an unknown type") from None
    end = _HEAD + int.from_bytes(plaintext[1:_HEAD], "big")
    if kind in _CONTROL and size_class != 0:
        raise RemoteError("a control frame is not of class 0")
    if end > len(plaintext):
        raise RemoteError("a frame claims more than it holds")
    if plaintext[end:] != bytes(len(plaintext) - end):
        raise RemoteError("the padding of a frame is not zero")
    return kind, plaintext[_HEAD:end]
