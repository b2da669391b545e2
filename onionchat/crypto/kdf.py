"""Hashes and keys: the only place where a label meets a primitive.

Every hash input is framed by its length and every derivation carries the protocol's own
label, so that no two uses can produce the same bytes (docs/protocol.md, notation). The
one-shot functions of the standard library are used because a ratchet step calls them
dozens of times and objects would cost more than the hash.
"""

import hashlib
import hmac

LABEL = b"onionchat/1 "
"""The protocol and its version, in front of every label; the space belongs to it."""

_BLOCK = 32


def digest(*parts: bytes) -> bytes:
    """`H(x1, x2, ...)`: SHA-256 over the length (u32) and the bytes of each argument."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hashlib.sha256(framed).digest()


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes."""
    return hmac.digest(key, data, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3); `length` at most 8160."""
    block = output = b""
    for counter in range(1, -(-length // _BLOCK) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


def derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869): extract, then expand."""
    return expand(mac(salt, secret), info, length)
