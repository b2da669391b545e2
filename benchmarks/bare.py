"""The primitive calls of one envelope and nothing else: what the ratchet cannot go below.

The same one-shot calls on inputs of the same size, in no order that means anything, with
nothing parsed, framed, kept or checked between them.
"""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from benchmarks.rounds import Work

KEY, NONCE, AD = bytes(32), bytes(12), bytes(32)
HASH = SHA256()
HEADER, SEALED_HEADER = bytes(2314), bytes(2346)


def bare(text: bytes, *, alternating: bool) -> Work:
    cipher = ChaCha20Poly1305(KEY)
    header, body = cipher.encrypt(NONCE, HEADER, AD), cipher.encrypt(NONCE, text, AD)
    private = MLKEM768PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    _, ct = private.public_key().encapsulate()
    own = X25519PrivateKey.generate()
    point = X25519PrivateKey.generate().public_key().public_bytes_raw()

    def step() -> None:
        X25519PrivateKey.from_private_bytes(secrets.token_bytes(32)).public_key().public_bytes_raw()
        seed = secrets.token_bytes(64)
        MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
        MLKEM768PublicKey.from_public_bytes(public).encapsulate()
        private.decapsulate(ct)
        for _half in range(2):
            own.exchange(X25519PublicKey.from_public_bytes(point))
            hashlib.sha256(SEALED_HEADER).digest()
            _macs(4)

    def encrypt() -> None:
        secrets.token_bytes(32)
        _macs(2)
        _expand(2)
        hmac.digest(KEY, text, "sha256")
        hashlib.sha256(SEALED_HEADER).digest()
        ChaCha20Poly1305(KEY).encrypt(NONCE, HEADER, AD)
        ChaCha20Poly1305(KEY).encrypt(NONCE, text, AD)

    def decrypt() -> None:
        _macs(2)
        _expand(2)
        for _name_body_chain in range(3):
            hashlib.sha256(SEALED_HEADER).digest()
        ChaCha20Poly1305(KEY).decrypt(NONCE, header, AD)
        ChaCha20Poly1305(KEY).decrypt(NONCE, body, AD)

    def exchange(messages: int) -> None:
        for _ in range(messages):
            encrypt()
            decrypt()
            if alternating:
                step()

    return exchange


def _macs(count: int) -> None:
    """Chain keys: an HMAC of a short input each."""
    for _ in range(count):
        hmac.digest(KEY, HEADER[:60], "sha256")


def _expand(count: int) -> None:
    """A key and a nonce for one use."""
    for _ in range(count):
        HKDFExpand(HASH, 44, HEADER[:48]).derive(KEY)
