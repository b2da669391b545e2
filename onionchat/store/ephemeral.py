"""A profile that lives in memory only, and no longer than its node (`up --ephemeral`).

    RUN/PROFILE/ephemeral/{keyslot, generation, store.db, lock, tor/}

It is a profile like any other, in a place that no disk has: beside its sockets, where
$XDG_RUNTIME_DIR is a file system in memory. Its passphrase is random and nobody's to know; it is
in the memory of the supervisor and of the node alone. So when they are killed, what is left can
be opened by nobody, and the next one of that name, or a reboot, removes it.

The command line imports this module: standard library only.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onionchat.errors import RefusedError
from onionchat.paths import Paths
from onionchat.store.lock import check_free

_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = Path("/proc/self/mountinfo")
"""Names of directories are in it, which need not be text."""


def place(paths: Paths) -> Paths:
    """Where it will live. RefusedError: that is on a disk, or the name is taken by one that is."""
    if not paths.ephemeral and paths.exists():
        raise RefusedError(
            f"there is a profile {paths.profile} on the disk, in {paths.root}",
            "choose another name, such as `onionchat up --ephemeral --profile burner`",
        )
    if not in_memory(paths.run):
        raise RefusedError(
            f"{paths.run} would not be in memory: that is on a disk",
            "choose a place that is, such as --data-dir /dev/shm/onionchat",
        )
    return paths.in_memory()


def check_beside(paths: Paths) -> None:
    """RefusedError if one of the same name lives: both would have the same sockets."""
    if not paths.ephemeral:
        check_free(paths.in_memory().lock)


def in_memory(path: Path) -> bool:
    """Is what lies there, or would, on no disk? By mountinfo, see proc_pid_mountinfo(5)."""
    there = next(each for each in (path, *path.parents) if each.exists())
    device = there.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for mount in _MOUNTS.read_text(errors="replace").splitlines():
        where, _, what = mount.partition(" - ")
        if where.split()[2] == number:
            return what.split()[0] in _IN_MEMORY
    return False


@contextmanager
def life(paths: Paths) -> Iterator[None]:
    """From the first node to the last, for who holds the lock; of another profile nothing goes."""
    if not paths.ephemeral:
        yield
        return
    _remove_what_a_killed_one_left(paths)
    try:
        yield
    finally:
        _remove(paths)


def _remove_what_a_killed_one_left(paths: Paths) -> None:
    _empty(paths.root, but=paths.lock)
    paths.make()


def _remove(paths: Paths) -> None:
    """The lock goes last: behind it the next one of that name would begin in what still goes."""
    _empty(paths.root, but=paths.lock)
    _empty(paths.run, but=paths.root)
    with suppress(OSError):  # others live there, too
        paths.lock.unlink()
        for directory in (paths.root, paths.run, paths.run.parent):
            directory.rmdir()


def _empty(directory: Path, but: Path) -> None:
    for left in directory.glob("*"):
        if left != but:
            shutil.rmtree(left, ignore_errors=True)
            with suppress(OSError):  # a directory has gone by now
                left.unlink()
