"""A backup as one file: content sealed under a passphrase of its own (docs/backup.md).

    magic[16] | version u8 = 1 | keyslot[4096] | sealed[65536 n + 16] | checksum[32]

    keyslot  = as of a profile (vault.py), with a new random master key for each backup
    sealed   = AEAD(K, nonce = 0^12, padded, ad = magic || version || keyslot)
    K        = the master key's key for backups; used once, so the nonce can be zero
    padded   = length u64 | content | zeros up to a multiple of 65536
    checksum = SHA-256 of all before it

The checksum tells damage before anybody is asked for a passphrase, so that a file cut short
by a bad disk is not mistaken for a forgotten passphrase. It authenticates nothing; the AEAD
does. Padding hides how many contacts there are, and hides a history only roughly. All of it
is opened before any of it is used, hence in memory at once, with a limit.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import vault
from onionchat.crypto.vault import Cost, Rand
from onionchat.errors import DamagedError, RefusedError

MAGIC = b"onionchat backup"
VERSION = 1
BLOCK = 65_536
LARGEST = 1 << 30
"""Bytes of content: some millions of messages, and half of what the cipher takes at once."""

_LENGTH = 8
_HEAD = len(MAGIC) + 1 + vault.SIZE
_TAG = 16
_CHECKSUM = 32
_NONCE = bytes(12)
LARGEST_FILE = _HEAD + LARGEST + BLOCK + _TAG + _CHECKSUM


def seal(
    content: bytes, passphrase: bytes, cost: Cost = Cost.DEFAULT, rand: Rand = secrets.token_bytes
) -> bytes:
    """The whole file. RefusedError: too large."""
    if len(content) > LARGEST:
        raise RefusedError(
            f"a backup holds at most {LARGEST >> 20} MiB; this is {len(content) >> 20}",
            "make it without the history",
        )
    keyslot, master = vault.create(passphrase, cost, rand)
    head = MAGIC + bytes([VERSION]) + keyslot
    file = head + _cipher(master).encrypt(_NONCE, _pad(content), head)
    return file + hashlib.sha256(file).digest()


def check(file: bytes) -> None:
    """DamagedError unless this is a whole backup that this program can read."""
    if not file.startswith(MAGIC):
        raise DamagedError("this is no backup of onionchat", "check the name of the file")
    version = file[len(MAGIC)] if len(file) > len(MAGIC) else VERSION
    if version != VERSION:
        raise DamagedError(
            f"the backup has version {version}, this program reads {VERSION}",
            "update onionchat, or try another copy of the backup; nothing was changed",
        )
    body, checksum = file[:-_CHECKSUM], file[-_CHECKSUM:]
    size = len(body) - _HEAD - _TAG
    if size < BLOCK or size % BLOCK or hashlib.sha256(body).digest() != checksum:
        raise _damaged()


def open_(file: bytes, passphrase: bytes) -> bytes:
    """The content; LockedError: the passphrase is wrong, DamagedError: see `check`."""
    check(file)
    head, sealed = file[:_HEAD], file[_HEAD:-_CHECKSUM]
    master = vault.unlock(head[-vault.SIZE :], passphrase)
    try:
        padded = _cipher(master).decrypt(_NONCE, sealed, head)
    except InvalidTag:
        raise _damaged() from None
    return _unpad(padded)


def _cipher(master: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(vault.derive(master, "backup"))


def _pad(content: bytes) -> bytes:
    start = len(content).to_bytes(_LENGTH, "big")
    return start + content + bytes(-(_LENGTH + len(content)) % BLOCK)


def _unpad(padded: bytes) -> bytes:
    content = padded[_LENGTH : _LENGTH + int.from_bytes(padded[:_LENGTH], "big")]
    if _pad(content) != padded:
        raise _damaged()
    return content


def _damaged() -> DamagedError:
    return DamagedError(
        "the backup is damaged or was cut short", "try another copy of it; nothing was changed"
    )
