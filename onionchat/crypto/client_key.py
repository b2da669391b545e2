"""The key that an inbox asks for: an X25519 pair for each contact (rend-spec-v3, client
authorisation). The onion's owner makes it, gives tor the public half of each, and each contact
their private one."""

import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def new() -> bytes:
    """A private half."""
    return secrets.token_bytes(32)


def public(private: bytes) -> bytes:
    """What tor lists."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
