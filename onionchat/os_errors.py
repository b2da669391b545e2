"""What the operating system refuses, as sentences: a full disk is no bug of this program.

An error with a path in it is about that path. Without one only those are known here that
can mean nothing else; the rest stays what it is, and at the end is told as a bug.

The command line imports this module: standard library only.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from onionchat.errors import RefusedError, ScarceError, UserError

_OF_THE_DISK = (errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO)


@contextmanager
def explained() -> Iterator[None]:
    """A failure inside leaves as a UserError if this file has words for it, else unchanged."""
    try:
        yield
    except (OSError, MemoryError) as error:
        known = known_as(error)
        if known is None:
            raise
        raise known from error


@contextmanager
def about(path: os.PathLike[str]) -> Iterator[None]:
    """A failure inside that names no file is about this one: bind(2) says nothing of it."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or os.fspath(path)
        raise


def known_as(error: BaseException) -> UserError | None:
    """The sentence for it, if there is one."""
    return scarcity(error) or _of_path(error)


def scarcity(error: BaseException) -> UserError | None:
    """The sentence if the machine has not enough of something."""
    if isinstance(error, MemoryError):
        return _no_memory()
    match getattr(error, "errno", None):
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return disk_full()
        case errno.EMFILE | errno.ENFILE:
            return ScarceError(
                "too many files are open", "allow more with `ulimit -n 1024`, then try again"
            )
        case errno.ENOMEM:
            return _no_memory()
    return None


def disk_full() -> ScarceError:
    return ScarceError(
        "the disk is full: this could not be stored", "make room, then try again; nothing was lost"
    )


def _no_memory() -> ScarceError:
    return ScarceError("there is not enough memory", "end another program, then try again")


def _of_path(error: BaseException) -> UserError | None:
    path = getattr(error, "filename", None)
    if not isinstance(error, OSError) or not isinstance(path, str | bytes | os.PathLike):
        return None
    kind = ScarceError if error.errno in _OF_THE_DISK else RefusedError
    return kind(
        f"{os.fsdecode(path)} cannot be used: {os.strerror(error.errno or 0)}",
        "look at what is there, who owns it, and whether its disk can be written",
    )
