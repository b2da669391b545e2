"""One message on the wire: a sealed header, then a sealed body.

    salt[16] | AEAD(header)[2330] | AEAD(padded)[p + 16]           eh = the first 2346 bytes

The header has a key of its own, so that nobody else sees who answers whom, how many
messages a chain had, or where one chain ends. The salt makes that key and nonce new for
each envelope; the body's key and nonce come from the message key *and* eh, so that header
and body cannot be exchanged. The salt depends on the message key and the text too: a
cloned machine that repeats its randomness still never uses a nonce twice for two texts.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import header as headers
from onionchat.crypto import kdf
from onionchat.crypto.header import Header
from onionchat.crypto.ratchet_errors import Refused
from onionchat.errors import RemoteError

SALT, TAG = 16, 16
SEALED_HEADER = SALT + headers.SIZE + TAG
OVERHEAD = SEALED_HEADER + TAG
"""Bytes that an envelope is longer than what it carries: 2362."""

_SALT, _HEADER, _BODY = (kdf.LABEL + label for label in (b"salt\0", b"hdr\0", b"msg\0"))


_AD_LENGTH, _EH_LENGTH = (size.to_bytes(4, "big") for size in (32, SEALED_HEADER))


def digest(wire: bytes) -> bytes:
    """SHA-256 of an envelope's sealed header, which names it without opening it."""
    return hashlib.sha256(_sealed_header(wire)).digest()


def seal(hk: bytes, mk: bytes, header: Header, padded: bytes, ad: bytes, random: bytes) -> bytes:
    """An envelope under this header key and message key; `random`: 32 bytes."""
    salt = kdf.mac(mk, _SALT + random + padded)[:SALT]
    cipher, nonce = _cipher(hk, _HEADER + salt)
    eh = salt + cipher.encrypt(nonce, header.encode(), ad)
    cipher, nonce = _cipher(mk, _BODY + _context(ad, eh))
    return eh + cipher.encrypt(nonce, padded, ad)


class Envelope:
    """One envelope while it is being opened."""

    def __init__(self, wire: bytes, ad: bytes) -> None:
        """RemoteError when it is too short to be one."""
        self._eh, self._body, self._ad = _sealed_header(wire), wire[SEALED_HEADER:], ad
        self.digest = hashlib.sha256(self._eh).digest()

    def header(self, hk: bytes) -> Header | None:
        """The header, None if this is not its key; Refused if it breaks a rule."""
        cipher, nonce = _cipher(hk, _HEADER + self._eh[:SALT])
        try:
            plain = cipher.decrypt(nonce, self._eh[SALT:], self._ad)
        except InvalidTag:
            return None
        header = Header.decode(plain)
        if header is None:
            raise Refused("a header of another version, or a number out of range", self.digest)
        return header

    def open(self, mk: bytes) -> bytes:
        """What the envelope carries; Refused."""
        cipher, nonce = _cipher(mk, _BODY + _context(self._ad, self._eh))
        try:
            return cipher.decrypt(nonce, self._body, self._ad)
        except InvalidTag:
            raise Refused("an envelope whose body does not open", self.digest) from None


def _context(ad: bytes, eh: bytes) -> bytes:
    """`H(AD, eh)`, with the two lengths that never change written down once."""
    return hashlib.sha256(_AD_LENGTH + ad + _EH_LENGTH + eh).digest()


def _sealed_header(wire: bytes) -> bytes:
    if len(wire) < OVERHEAD:
        raise RemoteError("an envelope that is shorter than its header")
    return wire[:SEALED_HEADER]


def _cipher(key: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """A cipher and its nonce, for one use."""
    both = kdf.expand(key, info, 44)
    return ChaCha20Poly1305(both[:32]), both[32:]
