"""The state of a ratchet: a value that is replaced, never changed.

Because a state is frozen, decryption works on a copy by nature: whatever fails leaves the
old state the state, and the caller commits the new one together with what it brought.
Skipped message keys are not in it; the store keeps them in a table of their own. Of the
peer's keys nothing is kept either: both halves of a step use them up at once.

    version=1 u8 | chains u8 | sid[16] | ad | rk | nhks | nhkr | pn u32 | dh[32] | seed[64] |
    the sending chain | the receiving chain          those that `chains` says: 0, 1 or both
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto import kem
from onionchat.crypto.ratchet_chain import ReceivingChain, SendingChain
from onionchat.crypto.ratchet_limits import LONGEST_CHAIN
from onionchat.errors import DamagedError
from onionchat.types import SessionId

VERSION = 1
_BOB_AT_FIRST, _ALICE_AT_FIRST, _BOTH = 0, 1, 3
_FIXED = 2 + 16 + 4 * 32 + 4 + 32 + kem.SEED
_SIZES = {
    _BOB_AT_FIRST: _FIXED,
    _ALICE_AT_FIRST: _FIXED + SendingChain.SIZE,
    _BOTH: _FIXED + SendingChain.SIZE + ReceivingChain.SIZE,
}


@dataclass(frozen=True)
class OwnKeys:
    """Our X25519 private key (32 bytes) and ML-KEM seed (64). Key objects are made when a
    step needs them, which most envelopes do not bring."""

    dh: bytes = field(repr=False)
    seed: bytes = field(repr=False)

    @cached_property
    def x25519(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.dh)

    @cached_property
    def mlkem(self) -> MLKEM768PrivateKey:
        return kem.private_key(self.seed)

    @cached_property
    def dh_public(self) -> bytes:
        return self.x25519.public_key().public_bytes_raw()

    @cached_property
    def ek(self) -> bytes:
        return self.mlkem.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class State:
    """One end of a session; docs/protocol.md 4.1 names the fields. 2.7 KB when encoded.

    `sending` is None for Bob before he has heard Alice, `receiving` for both before they
    have heard each other.
    """

    sid: SessionId
    ad: bytes = field(repr=False)
    rk: bytes = field(repr=False)
    nhks: bytes = field(repr=False)
    nhkr: bytes = field(repr=False)
    pn: int
    own: OwnKeys = field(repr=False)
    sending: SendingChain | None
    receiving: ReceivingChain | None

    @property
    def can_send(self) -> bool:
        """Bob cannot speak before he has heard Alice; nobody beyond the end of a chain."""
        return self.sending is not None and self.sending.n < LONGEST_CHAIN

    def moved(
        self, sending: SendingChain | None = None, receiving: ReceivingChain | None = None
    ) -> Self:
        """The state with one of its chains moved on."""
        return type(self)(
            *(self.sid, self.ad, self.rk, self.nhks, self.nhkr, self.pn, self.own),
            sending or self.sending,
            receiving or self.receiving,
        )

    def encode(self) -> bytes:
        """Secret."""
        chains = [chain for chain in (self.sending, self.receiving) if chain is not None]
        head = bytes([VERSION, 2 ** len(chains) - 1]) + self.sid
        keys = self.ad + self.rk + self.nhks + self.nhkr + self.pn.to_bytes(4, "big")
        own = self.own.dh + self.own.seed
        return head + keys + own + b"".join(chain.encode() for chain in chains)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """DamagedError for what has not the form of a state."""
        if data[:1] != bytes([VERSION]) or len(data) != _SIZES.get(int.from_bytes(data[1:2])):
            raise DamagedError(
                "a stored session is not readable", "report this; the profile was not changed"
            )
        ad, rk, nhks, nhkr = (data[at : at + 32] for at in range(18, 146, 32))
        pn, own = int.from_bytes(data[146:150], "big"), OwnKeys(data[150:182], data[182:_FIXED])
        between = _FIXED + SendingChain.SIZE
        sending = SendingChain.decode(data[_FIXED:between]) if data[1] else None
        receiving = ReceivingChain.decode(data[between:]) if data[1] == _BOTH else None
        return cls(SessionId(data[2:18]), ad, rk, nhks, nhkr, pn, own, sending, receiving)
