"""One process at a time in a profile: a lock that the kernel takes back.

flock belongs to the open file, not to a process: a child that inherits the descriptor
holds the lock together with its parent, and it is free when the last of them is gone,
however they ended. The number in the file says whom to signal; only the lock itself says
whether anybody is there.

The command line imports this module: standard library only.
"""

import fcntl
import os
import threading
from pathlib import Path
from typing import Self

from onionchat.errors import RefusedError


class Lock:
    """A held lock; `close` gives up this process's share of it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path) -> Self:
        """Take it and write our process number into it; RefusedError if it is held."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise RefusedError(
                "a node of this profile is running, or a command is at work in it",
                "stop the node with `onionchat down`, or use another --profile",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        return cls(descriptor)

    @classmethod
    def adopt(cls, descriptor: int) -> Self:
        """The share of a process that inherited the descriptor; it goes no further."""
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def holder(path: Path) -> int | None:
    """The process that took the lock, or None if nobody holds it."""
    try:
        file = path.open()
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0) or None  # empty between its lock and its number
    return None


def wait_free(path: Path, timeout: float) -> bool:
    """Wait at most `timeout` seconds until nobody holds the lock; True if it is free.

    flock cannot be given a deadline, so a thread waits in it; one that waits in vain is
    left behind, and ends with this process.
    """
    free = threading.Event()

    def wait() -> None:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
        free.set()

    if not path.exists():
        return True
    threading.Thread(target=wait, daemon=True).start()
    return free.wait(timeout)
