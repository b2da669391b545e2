"""Which files the process may use from now on (landlock(7)); what is open already stays open.

The kernel's version says what it can restrict: files in 1, TCP ports from 4, signals and
abstract sockets from 6. What it does not know is not asked for. It holds for the calling
thread and those that it starts, so it is done while there is but one.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path

from onionchat.hardening import prctl
from onionchat.sandbox.reach import Reach
from onionchat.sandbox.seccomp import PR_SET_NO_NEW_PRIVS
from onionchat.sandbox.syscalls import call

PORTS = 4
"""The version from which on TCP ports are restricted."""

_WRITE_FILE, _READ_FILE, _READ_DIRECTORY, _REMOVE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 5
_MAKE_FILE, _MAKE_SOCKET, _TRUNCATE = 1 << 8, 1 << 9, 1 << 14
_CONNECT, _BIND = 1 << 1, 1 << 0
_READ = _READ_FILE | _READ_DIRECTORY
_CHANGE = _READ | _WRITE_FILE | _REMOVE_FILE | _MAKE_FILE | _MAKE_SOCKET | _TRUNCATE
_OF_A_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE

_FILES = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many of the rights to files each version knows; the others know those of the one before."""
_SCOPED = 6
_VERSION = 1
_PATH, _PORT = 1, 2


def version() -> int:
    """What this kernel has; OSError where there is none, or it is switched off."""
    return call("landlock_create_ruleset", None, 0, _VERSION)


def restrict(reach: Reach) -> None:
    """To these files, and these ports where the kernel can. OSError: nothing has changed."""
    known = version()
    files = (1 << max(rights for since, rights in _FILES.items() if since <= known)) - 1
    ports = _CONNECT | _BIND if known >= PORTS else 0
    scopes = 0b11 if known >= _SCOPED else 0
    handled = struct.pack("QQQ", files, ports, scopes)[: 8 * (1 + bool(ports) + bool(scopes))]
    rules = call("landlock_create_ruleset", handled, len(handled), 0)
    try:
        for path in (Path("/"),) if reach.read is None else reach.read:
            _allow(rules, path, _READ & files)
        for path in reach.write:
            _allow(rules, path, _CHANGE & files)
        if ports and reach.ports is not None:
            _allow_ports(rules, reach.ports)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    with suppress(FileNotFoundError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if path.is_dir() else rights & _OF_A_FILE
            call("landlock_add_rule", rules, _PATH, struct.pack("=Qi", allowed, place), 0)
        finally:
            os.close(place)


def _allow_ports(rules: int, ports: frozenset[int]) -> None:
    """To connect to these; to listen at 0, which is any that the kernel has free."""
    for port in ports:
        call("landlock_add_rule", rules, _PORT, struct.pack("QQ", _CONNECT, port), 0)
    call("landlock_add_rule", rules, _PORT, struct.pack("QQ", _BIND, 0), 0)
