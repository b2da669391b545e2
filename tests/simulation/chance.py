"""Every random number of a run comes from its seed.

Two streams: what the program draws (keys, jitter, IDs) and what the world draws (faults,
weather, people), so that a changed program meets the same world. The program draws from the
operating system in one place of Python's library, which is put on the first stream here.

ML-KEM's encapsulation draws inside its library, out of reach. A stand-in of the same sizes
is used instead: X25519 with an ephemeral key, padded with zeros. A ciphertext that was
tampered with gives another secret here as well, which is all that the ratchet relies on.
"""

import hashlib
import random
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from onionchat.crypto import kem
from onionchat.errors import RemoteError

SHORT = 32
"""Bytes of a key or ciphertext that mean something."""


def begin(patch: pytest.MonkeyPatch, seed: int) -> random.Random:
    """From now on the program's randomness is this seed's; the world's is returned."""
    patch.setattr(random, "_urandom", random.Random(f"program {seed}").randbytes)
    patch.setattr(kem, "private_key", StandIn)
    patch.setattr(kem, "encapsulate", encapsulate)
    return random.Random(f"world {seed}")


class StandIn:
    """An ML-KEM private key as the program uses one."""

    def __init__(self, seed: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(hashlib.sha256(seed).digest())

    def public_key(self) -> "StandIn":
        return self

    def public_bytes_raw(self) -> bytes:
        return self._key.public_key().public_bytes_raw().ljust(kem.PUBLIC, b"\0")

    def decapsulate(self, ciphertext: bytes) -> bytes:
        return _secret(self._key, ciphertext[:SHORT], ciphertext)


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    if public[SHORT:].strip(b"\0"):
        raise RemoteError("an ML-KEM key that fails the modulus check")
    ephemeral = X25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
    ciphertext = ephemeral.public_key().public_bytes_raw().ljust(kem.CIPHERTEXT, b"\0")
    return ciphertext, _secret(ephemeral, public[:SHORT], ciphertext)


def _secret(key: X25519PrivateKey, public: bytes, ciphertext: bytes) -> bytes:
    shared = key.exchange(X25519PublicKey.from_public_bytes(public))
    return hashlib.sha256(shared + ciphertext).digest()
