"""Files that are there whole or not at all: the old content, or the new, never a mix.

The new content goes into a file beside it and to the disk before it takes the name, and
the directory goes to the disk after: a power cut at any point leaves one of the two.
"""

import os
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

from onionchat import os_errors
from onionchat.errors import RefusedError, ScarceError
from onionchat.os_errors import about, explained


class Unconfirmed(ScarceError):  # noqa: N818 - named for what happened
    """The new content is there; after a power cut the old may be back."""


def unfinished(path: Path) -> Path:
    """Where the new content is until it takes the name; of an interrupted writer it stays."""
    return path.with_name(path.name + ".new")


def replace(path: Path, content: bytes) -> None:
    """Write `content` as the file's whole content, 0600; RefusedError: the old one is there,
    but for Unconfirmed."""
    new = unfinished(path)
    with explained(), about(path), ExitStack() as undo:
        new.unlink(missing_ok=True)  # of somebody who was interrupted
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        undo.callback(new.unlink, missing_ok=True)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    try:
        sync(path.parent)
    except OSError as error:
        raise Unconfirmed(
            f"{path} was written, and its disk has not confirmed it",
            "look for disk errors (`dmesg`): after a power cut the old one may be back",
        ) from error


def create(path: Path, content: bytes) -> None:
    """A new file in a directory that is somebody's own. RefusedError: it cannot be made, or
    there is one already.

    What is beside it is not ours, so the file for the meantime has a name of its own. Two
    who make the same file in the same instant are not kept apart: the last one wins.
    """
    try:
        _create(path, content)
    except OSError as error:
        raise os_errors.scarcity(error) or RefusedError(
            f"{path} cannot be written: {os.strerror(error.errno or 0)}", "choose another place"
        ) from None


def _create(path: Path, content: bytes) -> None:
    with ExitStack() as undo:
        descriptor, name = tempfile.mkstemp(prefix=".onionchat-", dir=path.parent)
        undo.callback(Path(name).unlink, missing_ok=True)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if os.path.lexists(path):
            raise RefusedError(f"{path} exists already", "choose another name; it was not changed")
        Path(name).replace(path)
        sync(path.parent)


def read(path: Path, limit: int) -> bytes:
    """At most `limit` bytes. FileNotFoundError; RefusedError if others than the owner could
    read them too, or if it is no file: what is no file could keep us waiting for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        _check(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise RefusedError(f"{path} is not a file", "move away what is there")
    if mode & 0o077:
        raise RefusedError(
            f"others can get at {path} (mode {stat.S_IMODE(mode):03o})", f"run `chmod 600 {path}`"
        )


def sync(directory: Path) -> None:
    """Make names in it last; the name of a file is the directory's content."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
