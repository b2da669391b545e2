"""The keyslot: the random master key of a profile, wrapped under its passphrase.

    version u8 = 1 | slot x 8 | random bytes | SHA-256 of all before it        4096 bytes
    slot = memory u32 (KiB) | passes u32 | lanes u8 | salt[16] | sealed[48]    73 bytes
    KEK = Argon2id(passphrase, salt, memory, passes, lanes)                    RFC 9106
    sealed = AEAD(KEK, nonce = 0^12, master key, ad = L || "keyslot\\0" || memory..salt)

A KEK is used once, since every wrapping draws a new salt: the nonce can be zero. A new
passphrase wraps the same master key again, so nothing else has to be rewritten; whoever
has an old copy of the keyslot and the old passphrase still has the key. One slot is used
today. The others are random bytes, which cannot pass for a slot: their parameters are out
of bounds (but for one in 10^12, which then costs time only).

The checksum tells damage from a wrong passphrase, and authenticates nothing: somebody who
can write the file can make it useless, as deleting it would, but not learn the key or make
it cheaper to guess. Parameters below the floor are not even tried.
"""

import hashlib
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from onionchat.crypto.kdf import LABEL, expand
from onionchat.errors import DamagedError, LocalError, LockedError, RefusedError

Rand = Callable[[int], bytes]
Purpose = Literal["database", "files", "backup"]

SIZE = 4096
VERSION = 1
SLOTS = 8
KEY = 32
CHECKSUM = 32

_HEAD = struct.Struct(">IIB16s")
_SLOT = _HEAD.size + KEY + 16
_NONCE = bytes(12)
_BACKUP_HINT = "restore a backup into another profile; nothing was changed here"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: `memory` in KiB, `passes` over it, `lanes` in parallel."""

    memory: int
    passes: int
    lanes: int

    DEFAULT: ClassVar["Cost"]
    FLOOR: ClassVar["Cost"]
    CEILING: ClassVar["Cost"]

    @property
    def allowed(self) -> bool:
        """Between the floor, which is too cheap below, and what a machine can be asked for."""
        return (
            Cost.FLOOR.memory <= self.memory <= Cost.CEILING.memory
            and Cost.FLOOR.passes <= self.passes <= Cost.CEILING.passes
            and 1 <= self.lanes <= Cost.CEILING.lanes
        )


Cost.DEFAULT = Cost(memory=256 << 10, passes=3, lanes=4)  # about 0.6 s on two old cores
Cost.FLOOR = Cost(memory=64 << 10, passes=3, lanes=4)  # RFC 9106's second choice
Cost.CEILING = Cost(memory=4 << 20, passes=64, lanes=16)


def create(
    passphrase: bytes, cost: Cost = Cost.DEFAULT, rand: Rand = secrets.token_bytes
) -> tuple[bytes, bytes]:
    """A new master key: (keyslot, master key). Draws the key (32), then salt and filling."""
    master = rand(KEY)
    slot = _seal(master, passphrase, cost, rand)
    filling = rand(SIZE - 1 - _SLOT - CHECKSUM)
    return _with_checksum(bytes([VERSION]) + slot + filling), master


def unlock(keyslot: bytes, passphrase: bytes) -> bytes:
    """The master key; LockedError: wrong passphrase, DamagedError: not a whole keyslot."""
    return _find(keyslot, passphrase)[2]


def rewrap(keyslot: bytes, old: bytes, new: bytes, rand: Rand = secrets.token_bytes) -> bytes:
    """The keyslot with `new` in the place of `old`, at the same cost; errors as `unlock`."""
    start, cost, master = _find(keyslot, old)
    slot = _seal(master, new, cost, rand)
    return _with_checksum(keyslot[:start] + slot + keyslot[start + _SLOT : -CHECKSUM])


def derive(master: bytes, purpose: Purpose) -> bytes:
    """The 32-byte key for one purpose; none tells anything about another or the master."""
    return expand(master, LABEL + b"vault\0" + purpose.encode(), KEY)


def _find(keyslot: bytes, passphrase: bytes) -> tuple[int, Cost, bytes]:
    """Where the slot is that this passphrase opens, what it cost, and the master key."""
    _check(keyslot)
    found = False
    for start in range(1, 1 + SLOTS * _SLOT, _SLOT):
        head = keyslot[start : start + _HEAD.size]
        *numbers, salt = _HEAD.unpack(head)
        cost = Cost(*numbers)
        if not cost.allowed:
            continue
        found = True
        sealed = keyslot[start + _HEAD.size : start + _SLOT]
        try:
            master = _cipher(passphrase, salt, cost).decrypt(_NONCE, sealed, _ad(head))
        except InvalidTag:
            continue
        return start, cost, master
    if not found:
        raise DamagedError("the profile's keyslot has no slot that may be used", _BACKUP_HINT)
    raise LockedError("the passphrase is wrong", "try again; nobody can reset it")


def _check(keyslot: bytes) -> None:
    if len(keyslot) != SIZE or _with_checksum(keyslot[:-CHECKSUM]) != keyslot:
        raise DamagedError("the profile's keyslot is damaged", _BACKUP_HINT)
    if keyslot[0] != VERSION:
        raise DamagedError(
            f"the profile's keyslot has version {keyslot[0]}, this program knows {VERSION}",
            "update onionchat; nothing was changed here",
        )


def _seal(master: bytes, passphrase: bytes, cost: Cost, rand: Rand) -> bytes:
    if not cost.allowed:
        raise LocalError(f"a keyslot must not be wrapped at {cost}")
    salt = rand(16)
    head = _HEAD.pack(cost.memory, cost.passes, cost.lanes, salt)
    return head + _cipher(passphrase, salt, cost).encrypt(_NONCE, master, _ad(head))


def _cipher(passphrase: bytes, salt: bytes, cost: Cost) -> ChaCha20Poly1305:
    argon = Argon2id(
        salt=salt,
        length=KEY,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory,
    )
    try:
        return ChaCha20Poly1305(argon.derive(passphrase))
    except MemoryError:
        raise RefusedError(
            f"there is not enough memory: the passphrase needs {cost.memory >> 10} MiB",
            "end another program, then try again",
        ) from None


def _ad(head: bytes) -> bytes:
    return LABEL + b"keyslot\0" + head


def _with_checksum(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()
