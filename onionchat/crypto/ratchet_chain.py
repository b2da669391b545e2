"""The two chains of a ratchet: each envelope takes a message key and moves its chain on.

A chain key gives the message key of the next envelope and the next chain key, and cannot
be turned back (KDF_CK, docs/protocol.md 4.2). A chain is a value: taking a key gives a new
chain and leaves the old one as it was, for the case that the envelope is refused.
"""

from typing import ClassVar, Self

from onionchat.crypto import header as headers
from onionchat.crypto.kdf import mac
from onionchat.crypto.secret import Secret

StoredKey = tuple[bytes, int, bytes]
"""Header key, number, message key of an envelope that has not come."""


def _message_key(ck: bytes) -> bytes:
    return mac(ck, b"\x01")


def _next(ck: bytes) -> bytes:
    return mac(ck, b"\x02")


class SendingChain(Secret, frozen=True):
    """`ck`, `hk`: chain and header key; `n`: number of the next envelope; `keys`: the part
    that all its headers share, 2304 bytes."""

    ck: bytes
    hk: bytes
    n: int
    keys: bytes

    SIZE: ClassVar = 32 + 32 + 4 + headers.KEYS

    def take(self) -> tuple[bytes, Self]:
        """The message key of envelope `n`, and the chain behind it."""
        after = type(self)(_next(self.ck), self.hk, self.n + 1, self.keys)
        return _message_key(self.ck), after

    def encode(self) -> bytes:
        return self.ck + self.hk + self.n.to_bytes(4, "big") + self.keys

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(data[:32], data[32:64], int.from_bytes(data[64:68], "big"), data[68:])


class ReceivingChain(Secret, frozen=True):
    """As the peer's sending chain; `n`: the lowest number that no envelope had or passed;
    `keys_digest`: SHA-256 of what all its headers must share."""

    ck: bytes
    hk: bytes
    n: int
    keys_digest: bytes

    SIZE: ClassVar = 32 + 32 + 4 + 32

    def take(self) -> tuple[bytes, Self]:
        """The message key of envelope `n`, and the chain behind it."""
        after = type(self)(_next(self.ck), self.hk, self.n + 1, self.keys_digest)
        return _message_key(self.ck), after

    def skip(self, until: int) -> tuple[Self, list[StoredKey]]:
        """The chain at number `until` and the keys that were passed, oldest first."""
        if until <= self.n:
            return self, []
        ck, stored = self.ck, []
        for number in range(self.n, until):
            stored.append((self.hk, number, _message_key(ck)))
            ck = _next(ck)
        return type(self)(ck, self.hk, until, self.keys_digest), stored

    def encode(self) -> bytes:
        return self.ck + self.hk + self.n.to_bytes(4, "big") + self.keys_digest

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(data[:32], data[32:64], int.from_bytes(data[64:68], "big"), data[68:])
