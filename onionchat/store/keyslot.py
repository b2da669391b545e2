"""The keyslot's file. What its bytes mean is the vault's business (crypto/vault.py).

Without it nothing of a profile can ever be read again, so it is replaced whole or not at
all, and never made anew where it is missing.
"""

from pathlib import Path

from onionchat.errors import NotFoundError
from onionchat.store import whole_file

_LIMIT = 1 << 16  # the vault refuses what is not 4096 bytes; nobody can make us read more


def read(path: Path) -> bytes:
    """NotFoundError: there is no such profile. RefusedError: others can read it."""
    try:
        return whole_file.read(path, _LIMIT)
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no profile in {path.parent}", "make one with `onionchat init`"
        ) from None


def write(path: Path, keyslot: bytes) -> None:
    """Lasts when it returns. RefusedError: the disk is full; the old one is still there."""
    whole_file.replace(path, keyslot)
