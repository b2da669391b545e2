"""Who somebody is: one 32-byte seed, one Ed25519 key, and its X25519 image.

The key is the onion service's key, so the address proves itself; its image does the
Diffie-Hellman of the handshake, so there is no second key, no certificate, and nothing
signed that could be shown to a third person. Only bundles for a mailbox are signed.
"""

import base64
import hashlib
from functools import cached_property
from typing import NoReturn

# Which the library would import with the first key: a node at work must need no descriptor.
from cryptography.hazmat.backends.openssl import backend as _backend  # noqa: F401
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from onionchat.crypto.address import service_id
from onionchat.crypto.ed25519_point import montgomery
from onionchat.errors import RemoteError
from onionchat.types import IdentityKey


class Identity:
    """A private identity. Never printed, never pickled; `seed` is what the store keeps."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._signer = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = IdentityKey(self._signer.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> "Identity":
        """`seed`: 32 bytes from the operating system."""
        return cls(seed)

    @property
    def service_id(self) -> str:
        return service_id(self.key)

    def x25519(self) -> X25519PrivateKey:
        """The image of the key: the clamped first half of SHA-512(seed)."""
        return self._x25519

    def tor_blob(self) -> str:
        """The expanded key as tor's ADD_ONION wants it: base64 of 64 bytes."""
        return base64.b64encode(self._expanded).decode()

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519. For bundles only: everything else stays deniable."""
        return self._signer.sign(message)

    def __repr__(self) -> str:
        return f"Identity({self.service_id[:8]}...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an identity is not pickled")

    @cached_property
    def _expanded(self) -> bytes:
        digest = bytearray(hashlib.sha512(self.seed).digest())
        digest[0] &= 248
        digest[31] = digest[31] & 63 | 64
        return bytes(digest)

    @cached_property
    def _x25519(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._expanded[:32])


def exchange(private: X25519PrivateKey, public: bytes) -> bytes:
    """X25519 (RFC 7748, 5); RemoteError if the other side forced an all-zero result."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise RemoteError("an X25519 key of small order") from None


def image(key: IdentityKey) -> bytes:
    """The X25519 public key of a valid identity, 32 bytes."""
    return montgomery(key)
