"""A unix socket that only its own user can reach: made, and asked who is at the other end.

Everybody else is kept out three times: a 0700 directory, a 0600 socket, and the peer's uid
as the kernel knows it. A socket file that a killed process left behind is replaced; what
is no socket of ours stays where it is.

The command line imports this module: standard library only.
"""

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from onionchat.errors import RefusedError
from onionchat.os_errors import about, explained

_CREDENTIALS = struct.Struct("3i")
"""SO_PEERCRED: pid, uid, gid (unix(7))."""


class Peer(NamedTuple):
    """The process at the other end: who connected, or who listens."""

    pid: int
    uid: int

    @property
    def ours(self) -> bool:
        return self.uid == os.geteuid()


def peer(sock: socket.socket) -> Peer:
    said = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(said)
    return Peer(pid, uid)


@contextmanager
def listening(path: Path, backlog: int) -> Iterator[socket.socket]:
    """Bound and listening, 0600 in a directory that is 0700 if it is made here."""
    with socket.socket(socket.AF_UNIX) as listener:
        umask = os.umask(0o077)
        try:
            with explained(), about(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                remove_stale(path)
                listener.bind(bytes(path))
        finally:
            os.umask(umask)
        path.chmod(0o600)
        listener.listen(backlog)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def remove_stale(path: Path) -> None:
    """What a killed node left behind; anything else at that place is not ours to remove."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise RefusedError(
            f"{path} is in the way of the node's socket", "move it away, it is not a stale socket"
        )
    path.unlink()
