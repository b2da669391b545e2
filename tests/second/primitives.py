"""Section 0: notation."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

L = b"onionchat/1 "


class ProtocolError(Exception):
    """The peer broke a rule: close the connection without a word."""


class Refused(ProtocolError):  # noqa: N818
    """What came is refused: no state changes, nothing is answered."""


def sha256(x: bytes) -> bytes:
    return hashlib.sha256(x).digest()


def h(*parts: bytes) -> bytes:
    return sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts))


def mac(key: bytes, x: bytes) -> bytes:
    return hmac.new(key, x, hashlib.sha256).digest()


def expand(prk: bytes, info: bytes, n: int) -> bytes:
    out, block, i = b"", b"", 0
    while len(out) < n:
        i += 1
        block = mac(prk, block + info + bytes([i]))
        out += block
    return out[:n]


def hkdf(salt: bytes, ikm: bytes, info: bytes, n: int) -> bytes:
    return expand(mac(salt, ikm), info, n)


def cut(x: bytes, n: int = 32) -> list[bytes]:
    return [x[i : i + n] for i in range(0, len(x), n)]


def seal(key: bytes, nonce: bytes, plain: bytes, ad: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(nonce, plain, ad)


def unseal(key: bytes, nonce: bytes, cipher: bytes, ad: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, cipher, ad)
    except InvalidTag:
        raise Refused("does not open") from None


class Dh:
    """An X25519 key pair."""

    def __init__(self, private: bytes | None = None) -> None:
        self._key = (
            X25519PrivateKey.from_private_bytes(private) if private else X25519PrivateKey.generate()
        )
        self.pub = self._key.public_key().public_bytes_raw()

    def dh(self, other: bytes) -> bytes:
        try:
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError:
            raise Refused("all-zero DH") from None
        if secret == bytes(32):
            raise Refused("all-zero DH")
        return secret


class Kem:
    """An ML-KEM-768 key pair, from its seed d || z."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = (
            MLKEM768PrivateKey.from_seed_bytes(seed) if seed else MLKEM768PrivateKey.generate()
        )
        self.pub = self._key.public_key().public_bytes_raw()

    def decaps(self, ct: bytes) -> bytes:
        return self._key.decapsulate(ct)


def valid_ek(ek: bytes) -> bool:
    """The modulus check of FIPS 203 section 7.2: every 12-bit coefficient is below q."""
    if len(ek) != 1184:
        return False
    for i in range(0, 1152, 3):
        a, b, c = ek[i : i + 3]
        if a | (b & 15) << 8 >= 3329 or b >> 4 | c << 4 >= 3329:
            return False
    return True


def encaps(ek: bytes) -> tuple[bytes, bytes]:
    """(shared secret, ciphertext)"""
    if not valid_ek(ek):
        raise Refused("invalid encapsulation key")
    return MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
