"""The state of a ratchet: a value that is replaced, never changed.

Because a state is frozen, decryption works on a copy by nature: whatever fails leaves the
old state the state, and the caller commits the new one together with what it brought.
Skipped message keys are not in it; the store keeps them in a table of their own.

    version=1 u8 | present u16, a bit for each optional field | sid | ad | rk | ns nr pn u32 |
    the own keys | the optional fields that are present, in the order of `_OPTIONAL`
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto import kem
from onionchat.errors import DamagedError
from onionchat.types import SessionId

VERSION = 1
LONGEST_CHAIN = 10_000
"""Envelopes in one sending chain; then the peer must speak before we may again."""


class OwnKeys:
    """Our half of the ratchet's key pairs; the key objects are made when they are needed."""

    def __init__(self, dh: bytes, seed: bytes, dh_public: bytes, ek: bytes) -> None:
        self.dh, self.seed = dh, seed
        self.dh_public, self.ek = dh_public, ek

    @classmethod
    def of(cls, dh: bytes, seed: bytes) -> Self:
        """From an X25519 private key (32) and an ML-KEM seed (64)."""
        private, decapsulator = X25519PrivateKey.from_private_bytes(dh), kem.private_key(seed)
        keys = cls(
            *(dh, seed, private.public_key().public_bytes_raw()),
            decapsulator.public_key().public_bytes_raw(),
        )
        keys.__dict__.update(x25519=private, decapsulator=decapsulator)
        return keys

    @cached_property
    def x25519(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.dh)

    @cached_property
    def decapsulator(self) -> MLKEM768PrivateKey:
        return kem.private_key(self.seed)

    def encode(self) -> bytes:
        return self.dh + self.seed + self.dh_public + self.ek

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(data[:32], data[32:96], data[96:128], data[128:])


_OWN = 128 + kem.PUBLIC
_KEY = 32
_OPTIONAL = {
    **dict.fromkeys(("cks", "ckr", "hks", "hkr", "nhks", "nhkr", "peer_dh", "chain"), _KEY),
    "peer_ek": kem.PUBLIC,
    "ct": kem.CIPHERTEXT,
}
"""Name and size of the fields that may be absent."""
_FIXED = 1 + 2 + 16 + 32 + 32 + 12 + _OWN


@dataclass(frozen=True, slots=True)
class State:
    """docs/protocol.md 4 names the fields. `chain` is the digest of what all headers of the
    peer's current chain have in common; `ns`, `nr`, `pn` count envelopes."""

    sid: SessionId
    ad: bytes
    rk: bytes = field(repr=False)
    own: OwnKeys = field(repr=False)
    ns: int = 0
    nr: int = 0
    pn: int = 0
    cks: bytes | None = field(default=None, repr=False)
    ckr: bytes | None = field(default=None, repr=False)
    hks: bytes | None = field(default=None, repr=False)
    hkr: bytes | None = field(default=None, repr=False)
    nhks: bytes | None = field(default=None, repr=False)
    nhkr: bytes | None = field(default=None, repr=False)
    peer_dh: bytes | None = field(default=None, repr=False)
    chain: bytes | None = field(default=None, repr=False)
    peer_ek: bytes | None = field(default=None, repr=False)
    ct: bytes | None = field(default=None, repr=False)

    @property
    def can_send(self) -> bool:
        """Bob cannot speak before he has heard Alice; nobody beyond the end of a chain."""
        return self.cks is not None and self.ns < LONGEST_CHAIN

    def encode(self) -> bytes:
        """At most 3.9 KB, secret."""
        values = [getattr(self, name) for name in _OPTIONAL]
        present = sum(1 << bit for bit, value in enumerate(values) if value is not None)
        counters = b"".join(count.to_bytes(4, "big") for count in (self.ns, self.nr, self.pn))
        head = bytes([VERSION]) + present.to_bytes(2, "big") + self.sid + self.ad + self.rk
        return head + counters + self.own.encode() + b"".join(filter(None, values))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """DamagedError for anything that `encode` did not write."""
        present = int.from_bytes(data[1:3], "big")
        sizes = {n: size for bit, (n, size) in enumerate(_OPTIONAL.items()) if present >> bit & 1}
        known = present < 1 << len(_OPTIONAL)
        if data[:1] != bytes([VERSION]) or not known or len(data) != _FIXED + sum(sizes.values()):
            raise DamagedError(
                "a stored session is not readable", "report this; the profile was not changed"
            )
        ns, nr, pn = (int.from_bytes(data[at : at + 4], "big") for at in (83, 87, 91))
        optional: dict[str, Any] = {}
        at = _FIXED
        for name, size in sizes.items():
            optional[name] = data[at : at + size]
            at += size
        own = OwnKeys.decode(data[95:_FIXED])
        return cls(SessionId(data[3:19]), data[19:51], data[51:83], own, ns, nr, pn, **optional)
