"""Hashes and keys: the only place where a label meets a primitive.

Every hash input is framed by its length and every derivation carries the protocol's own
label, so that no two uses can produce the same bytes (docs/protocol.md, notation). Each
function uses whichever library is fastest for it, since a ratchet calls them dozens of times.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

LABEL = b"onionchat/1 "
"""The protocol and its version, in front of every label; the space belongs to it."""

_SHA256 = SHA256()


def digest(*parts: bytes) -> bytes:
    """`H(x1, x2, ...)`: SHA-256 over the length (u32) and the bytes of each argument."""
    framed = hashlib.sha256()
    for part in parts:
        framed.update(len(part).to_bytes(4, "big"))
        framed.update(part)
    return framed.digest()


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes."""
    return hmac.digest(key, data, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3); `length` at most 8160."""
    return HKDFExpand(_SHA256, length, info).derive(key)


def derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869): extract, then expand."""
    return expand(mac(salt, secret), info, length)
