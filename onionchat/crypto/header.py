"""The header of an envelope, which only the two ends can read.

    ver=1 u8 | flags=0 u8 | pn u32 | n u32 | dh[32] | ek[1184] | ct[1088]      2314 bytes

The last three are the same in all headers of one chain, so they are kept as one value,
`keys`: written once when a chain begins, and compared as one when an envelope comes.
"""

import hashlib
from typing import Self

import msgspec

from onionchat.crypto.kem import CIPHERTEXT, PUBLIC
from onionchat.crypto.ratchet_limits import NUMBERS

VERSION = 1
KEYS = 32 + PUBLIC + CIPHERTEXT
SIZE = 10 + KEYS

_BEGIN = bytes([VERSION, 0])


class Header(msgspec.Struct, frozen=True):
    """`n`: number in this chain; `pn`: length of the sender's previous chain; `keys`, 2304
    bytes: the sender's X25519 key, its ML-KEM key, and its ciphertext of this chain."""

    pn: int
    n: int
    keys: bytes

    def encode(self) -> bytes:
        return _BEGIN + self.pn.to_bytes(4, "big") + self.n.to_bytes(4, "big") + self.keys

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """From 2314 bytes. None: another version, a flag, or a number out of range."""
        pn, n = int.from_bytes(data[2:6], "big"), int.from_bytes(data[6:10], "big")
        if data[:2] != _BEGIN or pn >= NUMBERS or n >= NUMBERS:
            return None
        return cls(pn, n, data[10:])

    @property
    def keys_digest(self) -> bytes:
        return hashlib.sha256(self.keys).digest()

    @property
    def dh(self) -> bytes:
        return self.keys[:32]

    @property
    def ek(self) -> bytes:
        return self.keys[32 : 32 + PUBLIC]

    @property
    def ct(self) -> bytes:
        return self.keys[32 + PUBLIC :]
