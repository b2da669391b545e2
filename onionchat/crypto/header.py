"""The header of an envelope, which only the two ends can read.

    ver=1 u8 | flags=0 u8 | pn u32 | n u32 | dh[32] | ek[1184] | ct[1088]      2314 bytes

It is sealed under a header key of its own, so that nobody else sees who answers whom, how
many messages a chain had, or where one chain ends. The salt in front makes key and nonce
new for each envelope; it depends on the message key and the text too, so that a cloned
machine which repeats its randomness still never uses a nonce twice for two texts.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto.kdf import LABEL, expand
from onionchat.crypto.kem import CIPHERTEXT, PUBLIC

VERSION = 1
SALT, TAG = 16, 16
PLAIN = 10 + 32 + PUBLIC + CIPHERTEXT
SEALED = SALT + PLAIN + TAG
"""Bytes of `eh`: the salt and the encrypted header, 2346."""
NUMBERS = 2**31
"""`n` and `pn` stay below it."""


@dataclass(frozen=True, slots=True)
class Header:
    """`n`: number in this chain; `pn`: length of the sender's previous chain; `dh`, `ek`, `ct`:
    the sender's ratchet keys and its ciphertext of this chain."""

    pn: int
    n: int
    dh: bytes
    ek: bytes
    ct: bytes

    def encode(self) -> bytes:
        numbers = self.pn.to_bytes(4, "big") + self.n.to_bytes(4, "big")
        return bytes([VERSION, 0]) + numbers + self.dh + self.ek + self.ct

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """None: another version, a flag, or a number out of range."""
        pn, n = int.from_bytes(data[2:6], "big"), int.from_bytes(data[6:10], "big")
        if data[0] != VERSION or data[1] != 0 or pn >= NUMBERS or n >= NUMBERS:
            return None
        ct_at = 42 + PUBLIC
        return cls(pn, n, data[10:42], data[42:ct_at], data[ct_at:])

    @property
    def chain(self) -> bytes:
        """What every header of one chain has in common, as a digest."""
        return hashlib.sha256(self.dh + self.ek + self.ct).digest()


def seal(key: bytes, salt: bytes, header: Header, ad: bytes) -> bytes:
    """`eh`, 2346 bytes."""
    cipher, nonce = _cipher(key, salt)
    return salt + cipher.encrypt(nonce, header.encode(), ad)


def open_plain(key: bytes, eh: bytes, ad: bytes) -> bytes | None:
    """The 2314 bytes inside, or None if this is not the key."""
    cipher, nonce = _cipher(key, eh[:SALT])
    try:
        return cipher.decrypt(nonce, eh[SALT:], ad)
    except InvalidTag:
        return None


def _cipher(key: bytes, salt: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    both = expand(key, LABEL + b"hdr\0" + salt, 44)
    return ChaCha20Poly1305(both[:32]), both[32:]
