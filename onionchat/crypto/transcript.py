"""The symmetric half of the handshake: one chaining key and one hash of all that was said.

Noise's SymmetricState with two differences, both so that every key is used once: each
`mix` gives a fresh encryption key that is dropped after one message (its nonce is zero),
and a label says which secret was mixed in (docs/protocol.md 2).
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import kdf
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import RemoteError
from onionchat.types import SessionId

SUITE = b"X25519+ML-KEM-768+ChaCha20Poly1305+SHA256"
_NONCE = bytes(12)


class Transcript:
    """Secret from the first `mix_key` on; has no readable form."""

    def __init__(self) -> None:
        self._chain = self._hash = hashlib.sha256(kdf.LABEL + SUITE).digest()
        self._key = b""

    def mix_hash(self, data: bytes) -> None:
        """From here on both sides must have seen `data`."""
        self._hash = kdf.digest(self._hash, data)

    def mix_key(self, secret: bytes, label: bytes) -> None:
        """From here on both sides must know `secret`."""
        both = kdf.derive(self._chain, secret, kdf.LABEL + label, 64)
        self._chain, self._key = both[:32], both[32:]

    def seal(self, plaintext: bytes) -> bytes:
        """Once for each `mix_key`: 16 bytes longer than the plaintext."""
        sealed = self._cipher().encrypt(_NONCE, plaintext, self._hash)
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        """RemoteError if it was not sealed by somebody with the same transcript."""
        try:
            plaintext = self._cipher().decrypt(_NONCE, sealed, self._hash)
        except InvalidTag:
            raise RemoteError("a part of the handshake does not open") from None
        self.mix_hash(sealed)
        return plaintext

    def _cipher(self) -> ChaCha20Poly1305:
        """With the key of the last `mix_key`, once: a second use is refused by its length."""
        key, self._key = self._key, b""
        return ChaCha20Poly1305(key)

    def session(
        self,
        *,
        own: tuple[bytes, bytes] | None = None,
        peer: tuple[bytes, bytes] | None = None,
    ) -> SessionSecrets:
        """The session's keys. `own`: Bob's X25519 private key and ML-KEM seed;
        `peer`: what Alice knows of them, X25519 and ML-KEM public keys."""
        keys = kdf.expand(self._chain, kdf.LABEL + b"session\0" + self._hash, 128)
        ad = keys[96:]
        sid = hashlib.sha256(kdf.LABEL + b"sid\0" + ad).digest()[:16]
        dh_private, kem_seed = own or (None, None)
        peer_dh, peer_ek = peer or (None, None)
        return SessionSecrets(
            sid=SessionId(sid),
            ad=ad,
            sk=keys[:32],
            hka=keys[32:64],
            nhkb=keys[64:96],
            dh_private=dh_private,
            kem_seed=kem_seed,
            peer_dh=peer_dh,
            peer_ek=peer_ek,
        )

    def channel(self) -> tuple[bytes, bytes]:
        """The keys of the connection: from initiator to responder, and back."""
        keys = kdf.expand(self._chain, kdf.LABEL + b"channel\0" + self._hash, 64)
        return keys[:32], keys[32:]
