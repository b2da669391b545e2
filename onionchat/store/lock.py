"""One process at a time in a profile: a lock that the kernel takes back.

An open-file-description lock (fcntl(2)) belongs to the open file, not to a process: a
child that inherits the descriptor holds it together with its parent, and it is free when
the last of them is gone, however they ended. The number in the file says whom to signal;
only the lock itself says whether anybody is there.

Two bytes are locked. The first decides who is in, and is only asked about by others. The
second is what they wait for: a watcher must take a lock to wait for it, and on the same
byte it could stand for an instant in the way of somebody who starts.

The command line imports this module: standard library only.
"""

import fcntl
import os
import struct
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from onionchat.errors import RefusedError
from onionchat.os_errors import about, explained

_DECIDES, _WATCHED = 0, 1

_FLOCK = struct.Struct("hhqqi4x")
"""`struct flock`: l_type, l_whence, l_start, l_len, l_pid."""


class Lock:
    """A held lock; `close` gives up this process's share of it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path) -> Self:
        """Take it and write our process number into it; RefusedError if it is held."""
        with explained(), about(path), ExitStack() as undo:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            undo.callback(os.close, descriptor)
            _take(descriptor)
            if not _leads_to(path, descriptor):
                raise _held()  # by who was just removing the profile
            undo.pop_all()
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


def _take(descriptor: int) -> None:
    try:
        _lock(descriptor, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, _DECIDES)
    except BlockingIOError:
        raise _held() from None
    _lock(descriptor, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, _WATCHED)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def holder(path: Path) -> int | None:
    """The process that took the lock, or None if nobody holds it."""
    try:
        file = path.open()
    except FileNotFoundError:
        return None
    with file:
        answer = _lock(file.fileno(), fcntl.F_OFD_GETLK, fcntl.F_WRLCK, _DECIDES)
        if answer == fcntl.F_UNLCK:
            return None
        return int(file.read() or 0) or None  # empty between its lock and its number


def check_free(path: Path) -> None:
    """RefusedError if somebody holds it. Nothing is taken, so nobody is refused for that."""
    if holder(path) is not None:
        raise _held()


def _held() -> RefusedError:
    return RefusedError(
        "a node of this profile is running, or a command is at work in it",
        "stop the node with `onionchat down`, or use another --profile",
    )


def wait_free(path: Path, timeout: float) -> bool:
    """Wait at most `timeout` seconds until nobody holds the lock; True if it is free.

    The call cannot be given a deadline, so a thread waits in it; one that waits in vain
    is left behind, and ends with this process.
    """
    free = threading.Event()

    def wait() -> None:
        with path.open() as file:
            _lock(file.fileno(), fcntl.F_OFD_SETLKW, fcntl.F_RDLCK, _WATCHED)
        free.set()

    if not path.exists():
        return True
    threading.Thread(target=wait, daemon=True).start()
    return free.wait(timeout)


def _lock(descriptor: int, command: int, kind: int, byte: int) -> int:
    """One fcntl(2) call on one byte; returns the kind of lock that the kernel answers."""
    asked = _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0)
    answer: int = _FLOCK.unpack(fcntl.fcntl(descriptor, command, asked))[0]
    return answer
