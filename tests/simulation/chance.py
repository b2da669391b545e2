"""Every random number of a run comes from its seed.

Two streams: what the program draws (keys, jitter, IDs) and what the world draws (faults,
weather, people), so that a changed program meets the same world. The program draws from the
operating system in one place of Python's library, which is put on the first stream here.

ML-KEM's encapsulation draws inside its library, out of reach. A stand-in of the same sizes
is used instead: the secret is a hash of the public key and the ciphertext. Whoever listens could
make it, but nobody here does; who has another key, or a ciphertext that was tampered with, gets
another secret, which is all that the ratchet relies on.

Whether a key is one is asked again and again of the same few, in a calculation of milliseconds:
the answers are remembered, which the program must not do (crypto/ed25519_point.py).
"""

import hashlib
import random
import secrets
from functools import cache

import pytest

from onionchat.crypto import handshake, kem
from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.errors import RemoteError

SHORT = 32
"""Bytes of a key or ciphertext that mean something."""


def begin(patch: pytest.MonkeyPatch, seed: int) -> random.Random:
    """From now on the program's randomness is this seed's; the world's is returned."""
    patch.setattr(random, "_urandom", random.Random(f"program {seed}").randbytes)
    patch.setattr(kem, "private_key", StandIn)
    patch.setattr(kem, "encapsulate", encapsulate)
    patch.setattr(handshake, "is_valid_key", _is_valid_key)
    return random.Random(f"world {seed}")


class StandIn:
    """An ML-KEM private key as the program uses one."""

    def __init__(self, seed: bytes) -> None:
        self._public = hashlib.sha256(seed).digest().ljust(kem.PUBLIC, b"\0")

    def public_key(self) -> "StandIn":
        return self

    def public_bytes_raw(self) -> bytes:
        return self._public

    def decapsulate(self, ciphertext: bytes) -> bytes:
        return _secret(self._public, ciphertext)


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    if public[SHORT:].strip(b"\0"):
        raise RemoteError("an ML-KEM key that fails the modulus check")
    ciphertext = secrets.token_bytes(SHORT).ljust(kem.CIPHERTEXT, b"\0")
    return ciphertext, _secret(public, ciphertext)


def _secret(public: bytes, ciphertext: bytes) -> bytes:
    return hashlib.sha256(public + ciphertext).digest()


_is_valid_key = cache(is_valid_key)
