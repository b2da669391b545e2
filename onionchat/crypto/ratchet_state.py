"""The state of a ratchet: a value that is replaced, never changed.

Because a state is frozen, decryption works on a copy by nature: whatever fails leaves the
old state the state, and the caller commits the new one together with what it brought.
Skipped message keys are not in it; the store keeps them in a table of their own. Of the
peer's keys nothing is kept either: both halves of a step use them up at once.

    version=1 u8 | chains u8 (0 to 2) | the root | the sending chain | the receiving chain
"""

from functools import cached_property
from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto import kem
from onionchat.crypto.ratchet_chain import ReceivingChain, SendingChain
from onionchat.crypto.ratchet_limits import LONGEST_CHAIN
from onionchat.crypto.secret import Secret
from onionchat.errors import DamagedError
from onionchat.types import SessionId

VERSION = 1


class OwnKeys(Secret, frozen=True, dict=True):
    """Our X25519 private key (32 bytes) and ML-KEM seed (64). Key objects are made when a
    step needs them, which most envelopes do not bring."""

    dh: bytes
    seed: bytes

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


class Root(Secret, frozen=True):
    """What only a step changes; docs/protocol.md 4.1 names the fields."""

    sid: SessionId
    ad: bytes
    rk: bytes
    nhks: bytes
    nhkr: bytes
    pn: int
    own: OwnKeys

    SIZE: ClassVar = 16 + 4 * 32 + 4 + 32 + kem.SEED

    def encode(self) -> bytes:
        keys = self.sid + self.ad + self.rk + self.nhks + self.nhkr
        return keys + self.pn.to_bytes(4, "big") + self.own.dh + self.own.seed

    @classmethod
    def decode(cls, data: bytes) -> Self:
        ad, rk, nhks, nhkr = (data[at : at + 32] for at in range(16, 144, 32))
        own = OwnKeys(data[148:180], data[180:])
        pn = int.from_bytes(data[144:148], "big")
        return cls(SessionId(data[:16]), ad, rk, nhks, nhkr, pn, own)


class State(Secret, frozen=True):
    """One end of a session, 2.7 KB when encoded. `sending` is None for Bob before he has
    heard Alice, `receiving` for both before they have heard each other."""

    root: Root
    sending: SendingChain | None
    receiving: ReceivingChain | None

    @property
    def ad(self) -> bytes:
        return self.root.ad

    @property
    def can_send(self) -> bool:
        """Bob cannot speak before he has heard Alice; nobody beyond the end of a chain."""
        return self.sending is not None and self.sending.n < LONGEST_CHAIN

    def encode(self) -> bytes:
        """Secret."""
        chains = [chain.encode() for chain in (self.sending, self.receiving) if chain is not None]
        return bytes([VERSION, len(chains)]) + self.root.encode() + b"".join(chains)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """DamagedError for what has not the form of a state."""
        if len(data) != _SIZES.get(data[:2]):
            raise DamagedError(
                "a stored session is not readable", "report this; the profile was not changed"
            )
        between = _CHAINS + SendingChain.SIZE
        sending = SendingChain.decode(data[_CHAINS:between]) if data[1] else None
        receiving = ReceivingChain.decode(data[between:]) if data[1] == 2 else None
        return cls(Root.decode(data[2:_CHAINS]), sending, receiving)


_CHAINS = 2 + Root.SIZE
_SIZES = {
    bytes([VERSION, 0]): _CHAINS,
    bytes([VERSION, 1]): _CHAINS + SendingChain.SIZE,
    bytes([VERSION, 2]): _CHAINS + SendingChain.SIZE + ReceivingChain.SIZE,
}
"""By version and number of chains: Bob at first, Alice at first, and both from then on."""
