"""Where a profile lives on disk.

    DATA/PROFILE/{keyslot, generation, store.db, lock, tor/}
    RUN/PROFILE/{rpc.sock, unlock.sock, identity.sock, inbox.sock, tor/{control, socks}}

DATA is $XDG_DATA_HOME/onionchat and RUN is $XDG_RUNTIME_DIR/onionchat. With --data-dir,
or where there is no XDG_RUNTIME_DIR, the sockets are in DATA/PROFILE/run instead, so that
two data directories never meet in one socket. A profile in memory (store/ephemeral.py) has
all of it in RUN/PROFILE, the first row in a directory `ephemeral`. Nothing else is written
anywhere.

This module is imported by every command before it does anything: standard library only.
"""

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from onionchat.errors import RefusedError, UsageError
from onionchat.os_errors import explained

SOCKET_LIMIT = 107
"""Bytes in the path of a unix socket (sockaddr_un.sun_path holds 108 with the zero byte)."""

NAME_LIMIT = 64
EPHEMERAL = "ephemeral"


@dataclass(frozen=True)
class Paths:
    """One profile's files. `root` holds what stays, `run` the sockets of a running node."""

    profile: str
    root: Path
    run: Path

    @property
    def keyslot(self) -> Path:
        return self.root / "keyslot"

    @property
    def generation(self) -> Path:
        return self.root / "generation"

    @property
    def database(self) -> Path:
        return self.root / "store.db"

    @property
    def database_aside(self) -> tuple[Path, Path]:
        """What SQLite keeps beside the database while it is open, and after a crash."""
        return self.root / "store.db-wal", self.root / "store.db-shm"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def tor_data(self) -> Path:
        return self.root / "tor"

    @property
    def rpc_socket(self) -> Path:
        return self.run / "rpc.sock"

    @property
    def unlock_socket(self) -> Path:
        """Where `up --wait-unlock` waits for the passphrase."""
        return self.run / "unlock.sock"

    def onion_socket(self, name: str) -> Path:
        """Where tor delivers what comes in for one of our onions: identity, inbox, inbox2, ..."""
        return self.run / f"{name}.sock"

    @property
    def tor_run(self) -> Path:
        return self.run / "tor"

    @property
    def tor_control(self) -> Path:
        return self.tor_run / "control"

    @property
    def tor_socks(self) -> Path:
        return self.tor_run / "socks"

    @property
    def tor_cookie(self) -> Path:
        return self.tor_data / "control_auth_cookie"

    def exists(self) -> bool:
        """Whether there is such a profile: without its keyslot nothing in it can be read."""
        return self.keyslot.exists()

    @property
    def ephemeral(self) -> bool:
        """Does it live beside its sockets, and no longer than its node?"""
        return self.root.parent == self.run

    def in_memory(self) -> "Paths":
        """The profile of this name that does."""
        return self if self.ephemeral else replace(self, root=self.run / EPHEMERAL)

    @property
    def directories(self) -> tuple[Path, ...]:
        return self.root, self.tor_data, self.run, self.tor_run

    def make(self) -> None:
        """The directories, 0700; RefusedError if one cannot be made, or is not ours alone."""
        with _private(), explained():
            for directory in self.directories:
                directory.mkdir(parents=True, exist_ok=True)
        self.check()

    def check(self) -> None:
        """RefusedError if somebody else owns, could read or could change what is there.

        It is not put right in silence: what others could write is not known to be ours.
        """
        files = self.keyslot, self.generation, self.database, *self.database_aside, self.lock
        for path in (*self.directories, *files):
            _check_private(path, self.root if self.root in path.parents else path)


def locate(
    data_dir: str | os.PathLike[str] | None, profile: str, environ: Mapping[str, str]
) -> Paths:
    """Where this profile is, or would be; UsageError if a name or a length is impossible.

    Nothing is touched. Paths are made absolute: the processes of a node have their own
    working directories.
    """
    if not _is_name(profile):
        raise UsageError(
            f"{profile!r} cannot name a profile",
            f"use 1 to {NAME_LIMIT} letters, digits, - and _",
        )
    data, runtime = data_directory(data_dir, environ), _runtime(data_dir, environ)
    root = data / profile
    paths = Paths(profile, root, runtime / profile if runtime else root / "run")
    _check_length(paths)
    in_memory = paths.in_memory()
    return in_memory if in_memory.exists() and not paths.exists() else paths


def profiles(data_dir: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> list[str]:
    """The names of the profiles that exist, sorted."""
    data, runtime = data_directory(data_dir, environ), _runtime(data_dir, environ)
    run = (runtime, f"*/{EPHEMERAL}/keyslot") if runtime else (data, f"*/run/{EPHEMERAL}/keyslot")
    names = (
        found.relative_to(place).parts[0]
        for place, pattern in ((data, "*/keyslot"), run)
        for found in place.glob(pattern)
    )
    return sorted({name for name in names if _is_name(name)})


def _runtime(data_dir: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> Path | None:
    """The directory that has the sockets of all profiles, if it is another."""
    found = None if data_dir is not None else _absolute(environ, "XDG_RUNTIME_DIR")
    return found / "onionchat" if found else None


def data_directory(data_dir: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> Path:
    """The directory that has all profiles."""
    if data_dir is not None:
        if not os.fspath(data_dir):
            raise UsageError("the name of the data directory is empty", "leave out --data-dir")
        return Path(data_dir).absolute()
    return (_absolute(environ, "XDG_DATA_HOME") or _home(environ) / ".local/share") / "onionchat"


def _home(environ: Mapping[str, str]) -> Path:
    """A relative one would be another place in every directory."""
    home = Path(environ["HOME"] if "HOME" in environ else os.path.expanduser("~"))  # noqa: PTH111 - no RuntimeError
    if not home.is_absolute():
        raise UsageError(
            "there is no home directory: HOME is not a full path",
            "set HOME, or choose a place with --data-dir",
        )
    return home


def _absolute(environ: Mapping[str, str], name: str) -> Path | None:
    """The XDG base directory specification: a relative path is to be ignored."""
    path = Path(environ.get(name, ""))
    return path if path.is_absolute() else None


def _is_name(profile: str) -> bool:
    """A plain directory name that needs no quoting and is no option."""
    plain = profile.replace("-", "").replace("_", "")
    return (
        plain.isascii()
        and plain.isalnum()
        and not profile.startswith("-")
        and len(profile) <= NAME_LIMIT
    )


def _check_length(paths: Paths) -> None:
    onion = paths.onion_socket("identity")
    sockets = (paths.rpc_socket, onion, paths.tor_control, paths.tor_socks)
    longest = max(len(os.fsencode(socket)) for socket in sockets)
    if longest > SOCKET_LIMIT:
        raise UsageError(
            f"{paths.run} is too long a path: with the names of the sockets in it it has "
            f"{longest} bytes, and a unix socket can have {SOCKET_LIMIT}",
            "choose a short --data-dir, or a shorter --profile",
        )


def _check_private(path: Path, place: Path) -> None:
    """`place` is what the person has to put in order, in one go."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if found.st_uid != os.geteuid():
        raise RefusedError(
            f"{path} belongs to another user (uid {found.st_uid})",
            "run onionchat as that user, or use another --data-dir",
        )
    if found.st_mode & 0o077:
        raise RefusedError(
            f"others can get at {path} (mode {stat.S_IMODE(found.st_mode):03o})",
            f"run `chmod -R go= {shlex.quote(str(place))}`",
        )


@contextmanager
def _private() -> Iterator[None]:
    """Files and directories made inside are ours alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
