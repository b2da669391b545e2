"""Everything of a profile goes, and its keys first: at once, without the passphrase.

    end       who holds the profile is killed: no keys in memory, and nobody else writes
    destroy   the keyslot is overwritten, that is synced, then its name goes, which is synced
    remove    generation, database, write-ahead log, what tor keeps, sockets, directories

Without the keyslot nothing of the profile can be read, whatever is left of the rest, so it is
the only thing that hurries and the only one that is overwritten. Whoever is killed is sent the
signal first, because that waits for no disk; the keyslot is destroyed before anybody waits for
them to be gone, and once more afterwards: the node may have been in the middle of writing a
new one. The rest comes last. So a panic that is itself killed leaves one of two things: a whole
profile, which opens with its passphrase as before, or one that nothing opens, ever.

What a disk does below is not in our hands: an SSD, a file system that copies on write, a
snapshot may keep the old block (docs/threat-model.md).

The command line imports this module: standard library only.
"""

import os
import shutil
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onionchat.errors import RefusedError
from onionchat.own_socket import peer
from onionchat.paths import Paths
from onionchat.store import whole_file
from onionchat.store.lock import Lock, holder, wait_free

PATIENCE = 5.0
"""Seconds in which a killed process must be gone: one may hang in its disk."""


@dataclass(frozen=True)
class Gone:
    """`overwritten`: the keyslot's place on the disk was, too. `left`: what could not be removed,
    though nobody can read it any more."""

    overwritten: bool
    left: list[Path]


def panic(paths: Paths) -> Gone:
    """The profile is gone, whatever its node is doing. RefusedError: the keyslot is not."""
    _kill(holder(paths.lock))
    overwritten = _destroy(paths.keyslot)
    _kill(_who_waits(paths.unlock_socket))
    wait_free(paths.lock, PATIENCE)
    overwritten &= _destroy(paths.keyslot)
    with suppress(RefusedError, OSError), Lock.acquire(paths.lock):  # nobody makes one meanwhile
        _remove(paths)
    return Gone(overwritten, [path for path in (paths.root, paths.run) if path.exists()])


def remains(paths: Paths) -> bool:
    """Is there anything of a profile, be it what an interrupted panic has left?"""
    return any(path.exists() for path in (paths.keyslot, *_files(paths)))


def _kill(pid: int | None) -> None:
    """The supervisor takes the node and tor with it: the kernel kills a child with its parent."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _who_waits(door: Path) -> int | None:
    """A node that was never unlocked holds no lock. It has no keys, and cannot get any now."""
    with socket.socket(socket.AF_UNIX) as sock, suppress(OSError):
        sock.settimeout(0.1)
        sock.connect(bytes(door))
        return peer(sock).pid
    return None


def _destroy(keyslot: Path) -> bool:
    """Also the one that somebody was about to put in its place. Whether they are overwritten."""
    overwritten = True
    for path in (keyslot, whole_file.unfinished(keyslot)):
        failure = _overwrite(path)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            if failure is not None:
                why = os.strerror(error.errno or 0)
                raise RefusedError(
                    f"{path} can be neither overwritten nor removed ({why}): the passphrase "
                    "still opens the profile",
                    "look who owns it, and whether its disk can be written",
                ) from None
        overwritten &= failure is None
    with suppress(OSError):
        whole_file.sync(keyslot.parent)
    return overwritten


def _overwrite(path: Path) -> OSError | None:
    """In its place, with random bytes: zeros are what a file system may leave out."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    try:
        os.pwrite(descriptor, os.urandom(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    except OSError as error:
        return error
    finally:
        os.close(descriptor)
    return None


def _files(paths: Paths) -> tuple[Path, ...]:
    """But for the lock, which keeps others out until the end. Older versions kept a torrc."""
    generation = paths.generation, whole_file.unfinished(paths.generation)
    return (*generation, paths.database, *paths.database_aside, paths.root / "torrc")


def _remove(paths: Paths) -> None:
    """Each on its own: what is in the way of one must not save the others. What somebody else
    has put beside it stays, and its directory with it."""
    for path in _files(paths):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    for directory in (paths.tor_data, paths.run):
        shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):
        paths.lock.unlink()
        paths.root.rmdir()
