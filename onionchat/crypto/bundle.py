"""A bundle: the ephemeral keys that a responder offers, live or published ahead.

    ver=1 u8 | kind u8 | id[16] | expiry u64 | eR[32] | ekR[1184]         1242 bytes

Live (kind 1) it travels inside M2, authenticated by the handshake, and its id and expiry
mean nothing. Published for a mailbox (2 one-time, 3 last-resort) it is signed by the
owner's identity, because nobody is there to answer. Whoever steals its private half can
pretend to be anyone to its owner until it expires.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from onionchat.crypto.identity import Identity
from onionchat.crypto.kdf import LABEL
from onionchat.errors import LocalError, RemoteError
from onionchat.types import IdentityKey

VERSION = 1
SIZE = 1242
SIGNED_SIZE = SIZE + 64
_DH = slice(26, 58)


class Kind(IntEnum):
    LIVE = 1
    ONE_TIME = 2
    LAST_RESORT = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """`expiry` in Unix seconds, below 2**53; `dh` 32 bytes, `ek` 1184."""

    kind: Kind
    id: bytes
    expiry: int
    dh: bytes
    ek: bytes

    def encode(self) -> bytes:
        head = bytes([VERSION, self.kind]) + self.id + self.expiry.to_bytes(8, "big")
        return head + self.dh + self.ek

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """RemoteError for a wrong length, version, kind or expiry."""
        if len(data) != SIZE or data[0] != VERSION or data[1] not in list(Kind):
            raise RemoteError("a bundle of another length, version or kind")
        expiry = int.from_bytes(data[18:26], "big")
        kind = Kind(data[1])
        if kind is not Kind.LIVE and expiry >= 2**53:
            raise RemoteError("a bundle's expiry is out of range")
        return cls(kind, data[2:18], expiry, data[_DH], data[58:])

    def without_dh(self) -> bytes:
        """The 1210 bytes that M2 seals: eR stands in front of them in the clear."""
        data = self.encode()
        return data[: _DH.start] + data[_DH.stop :]

    @classmethod
    def with_dh(cls, data: bytes, dh: bytes) -> Self:
        """The inverse of `without_dh`."""
        return cls.decode(data[: _DH.start] + dh + data[_DH.start :])


def sign(owner: Identity, bundle: Bundle) -> bytes:
    """The signed bundle, 1306 bytes. LocalError for a live one: it must stay deniable."""
    if bundle.kind is Kind.LIVE:
        raise LocalError("a live bundle is never signed")
    data = bundle.encode()
    return data + owner.sign(_signed(owner.key, data))


def verify(owner: IdentityKey, signed: bytes, now: int) -> Bundle:
    """The bundle that `owner` published, still good at `now` (Unix seconds); RemoteError."""
    data, signature = signed[:SIZE], signed[SIZE:]
    bundle = Bundle.decode(data)
    if bundle.kind is Kind.LIVE or bundle.expiry <= now:
        raise RemoteError("a bundle of the wrong kind, or one that has expired")
    try:
        Ed25519PublicKey.from_public_bytes(owner).verify(signature, _signed(owner, data))
    except InvalidSignature:
        raise RemoteError("a bundle that its owner has not signed") from None
    return bundle


def _signed(owner: IdentityKey, data: bytes) -> bytes:
    return LABEL + b"bundle\0" + owner + data
