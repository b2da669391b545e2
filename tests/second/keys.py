"""Section 1: identity, address, valid keys, safety number."""

import base64
import hashlib
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.second.primitives import Dh, L, Refused

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I_ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]


def _add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def _times(n: int, a: Point) -> Point:
    result = (0, 1)
    while n:
        if n & 1:
            result = _add(result, a)
        a, n = _add(a, a), n >> 1
    return result


def valid_key(key: bytes) -> bool:
    if len(key) != 32:
        return False
    sign, y = key[31] >> 7, int.from_bytes(key, "little") & (2**255 - 1)
    if y >= P:
        return False
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * I_ROOT % P
    if x * x % P != xx or (x == 0 and sign):
        return False
    if x & 1 != sign:
        x = P - x
    return (x, y) != (0, 1) and _times(ORDER, (x, y)) == (0, 1)


def montgomery(key: bytes) -> bytes:
    """The X25519 image of an Ed25519 public key."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def _checksum(key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + key + b"\x03").digest()[:2]


def address(key: bytes) -> str:
    return base64.b32encode(key + _checksum(key) + b"\x03").decode().lower()


def read_address(text: str) -> bytes:
    if not text.isascii():
        raise Refused("not ASCII")
    text = text.lower().removeprefix("onionchat:").removesuffix(".onion")
    if not re.fullmatch("[a-z2-7]{56}", text):
        raise Refused("not an address")
    raw = base64.b32decode(text.upper())
    key, checksum, version = raw[:32], raw[32:34], raw[34]
    if version != 3 or checksum != _checksum(key) or not valid_key(key):
        raise Refused("not a valid address")
    return key


def safety_number(one: bytes, two: bytes) -> str:
    d = hashlib.sha512(L + b"safety\0" + min(one, two) + max(one, two)).digest()
    groups = (int.from_bytes(d[5 * i : 5 * i + 5], "big") % 100000 for i in range(12))
    return " ".join(f"{g:05}" for g in groups)


class Identity:
    def __init__(self, seed: bytes) -> None:
        expanded = bytearray(hashlib.sha512(seed).digest())
        expanded[0] &= 248
        expanded[31] &= 63
        expanded[31] |= 64
        self.expanded = bytes(expanded)
        self.key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        self.dh = Dh(self.expanded[:32])
        self.address = address(self.key)
