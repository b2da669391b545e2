"""A view of the machine of its own (namespaces(7)): no network interface, and no file but those
that are needed. Nor, therefore, the sockets of other programs: a session bus or an agent would
start programs, or reach the network, for whoever asks.

The kernel lets anybody make one inside a user namespace of their own, unless the distribution
forbids that; what may go wrong half-way is tried in a child first. Afterwards all privileges in
the new view are dropped as well.
"""

import errno
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from onionchat.errors import LocalError
from onionchat.hardening import PR_SET_DUMPABLE, prctl
from onionchat.sandbox.reach import Reach
from onionchat.sandbox.syscalls import call

_USER, _NETWORK, _MOUNTS = 0x10000000, 0x40000000, 0x00020000
_RECURSIVE, _PRIVATE = 0x4000, 0x40000
_CLONE, _DETACH, _EMPTY_PATH, _ALL_BELOW, _MOVE_EMPTY = 1, 2, 0x1000, 0x8000, 4
_READ_ONLY = struct.pack("QQQQ", 1, 0, 0, 0)
"""`struct mount_attr`: set MOUNT_ATTR_RDONLY."""
_HERE = -100
_NOBODY = 65534
"""As whom the kernel shows everybody else inside: one who is nobody could not tell."""


def enter(reach: Reach) -> None:
    """From now on; OSError: nothing has changed."""
    if os.geteuid() == _NOBODY:
        raise OSError(errno.EPERM, "not as nobody")
    if refused := _tried(reach):
        raise OSError(refused, os.strerror(refused))
    try:
        _enter(reach)
    except OSError as error:
        raise LocalError("what a child could do its parent could not") from error


def interfaces() -> list[str]:
    """Those that lead anywhere. One cannot be seen without a socket, but for this file."""
    rows = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return [name for name in (row.partition(":")[0].strip() for row in rows) if name != "lo"]


def drop_privileges() -> None:
    """Root's, or those over one's own namespaces; without a new program they never come back."""
    call("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))


def _tried(reach: Reach) -> int:
    """The error number of whoever does it first, or 0."""
    child = os.fork()
    if child == 0:
        code = errno.EINVAL
        try:
            _enter(reach)
            code = 0
        except OSError as error:
            code = error.errno or code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _enter(reach: Reach) -> None:
    user, group = os.geteuid(), os.getegid()
    call("unshare", _USER | _NETWORK | _MOUNTS)
    _stay(user, group)
    call("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)
    trees = _trees(reach.read or (), read_only=True) | _trees(reach.write, read_only=False)
    _settle(reach.write[0], trees)
    drop_privileges()


def _stay(user: int, group: int) -> None:
    """The same user as before; only who may read our memory may say so, for an instant."""
    prctl(PR_SET_DUMPABLE, 1)
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    finally:
        prctl(PR_SET_DUMPABLE, 0)


def _trees(paths: Iterable[Path], *, read_only: bool) -> dict[Path, int]:
    """What is at these places, as mounts that are nowhere yet."""
    trees = {}
    for path in paths:
        if path.exists():
            flags = _CLONE | _ALL_BELOW | os.O_CLOEXEC
            trees[path] = call("open_tree", _HERE, bytes(path), flags)
            if read_only:
                _make_read_only(trees[path])
    return trees


def _make_read_only(tree: int) -> None:
    flags = _EMPTY_PATH | _ALL_BELOW
    call("mount_setattr", tree, b"", flags, _READ_ONLY, len(_READ_ONLY))


def _settle(anywhere: Path, trees: dict[Path, int]) -> None:
    """An empty root with the trees at their places; the old one is let go."""
    call("mount", b"tmpfs", bytes(anywhere), b"tmpfs", 0, b"mode=755")
    os.chdir(anywhere)
    for path, tree in sorted(trees.items()):
        place = path.relative_to("/")
        _make_place(place, directory=stat.S_ISDIR(os.fstat(tree).st_mode))
        call("move_mount", tree, b"", _HERE, bytes(place), _MOVE_EMPTY)
        os.close(tree)
    call("pivot_root", b".", b".")
    call("umount2", b".", _DETACH)
    os.chdir("/")
    call("mount_setattr", _HERE, b"/", 0, _READ_ONLY, len(_READ_ONLY))


def _make_place(place: Path, *, directory: bool) -> None:
    if place.exists():
        return
    if directory:
        place.mkdir(parents=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
