"""Every key and nonce with which an envelope was ever sealed, and for which text.

A machine whose disk was put back does again what it has done before; the salt in each
envelope must keep it from sealing two texts with one key (docs/protocol.md 4).
"""

import hashlib
from collections.abc import Callable
from functools import partial

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import envelope


class Watched:
    """The cipher as `envelope` uses it."""

    def __init__(self, used: dict[bytes, bytes], twice: Callable[[], None], key: bytes) -> None:
        self._used, self._twice, self._key = used, twice, key
        self._cipher = ChaCha20Poly1305(key)

    def encrypt(self, nonce: bytes, data: bytes, ad: bytes) -> bytes:
        sealed = hashlib.sha256(ad + data).digest()[:8]
        if self._used.setdefault(hashlib.sha256(self._key + nonce).digest()[:16], sealed) != sealed:
            self._twice()
        return self._cipher.encrypt(nonce, data, ad)

    def decrypt(self, nonce: bytes, data: bytes, ad: bytes) -> bytes:
        return self._cipher.decrypt(nonce, data, ad)


def watch(patch: pytest.MonkeyPatch, twice: Callable[[], None]) -> None:
    patch.setattr(envelope, "ChaCha20Poly1305", partial(Watched, {}, twice))
