"""Which tor to run: found, not writable by others, not too old.

The binary sees every key of the onion and every dial, so one that another user can
replace is as good as handing them the address book. It is looked for where a person says
(`--tor`, ONIONCHAT_TOR), on PATH, and where distributions put it. Floor and warning are
versions with known holes below them (research/tor.md 2).
"""

import os
import re
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onionchat.errors import RefusedError, UnreachableError, UsageError

Version = tuple[int, int, int, int]

FLOOR: Version = (0, 4, 8, 9)
GOOD: Version = (0, 4, 9, 11)

_PLACES = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin")
_VERSION = re.compile(r"Tor version (\d+)\.(\d+)\.(\d+)\.(\d+)")
_ANSWER_SECONDS = 10
_INSTALL = "sudo apt-get install --no-install-recommends tor, or name one with --tor PATH"


@dataclass(frozen=True, slots=True)
class TorBinary:
    """`warning`: a sentence for the person, or None."""

    path: Path
    version: Version
    warning: str | None = None


def find_tor(explicit: Path | None = None, environ: Mapping[str, str] | None = None) -> TorBinary:
    """The tor to start; UnreachableError: none or too old, RefusedError: not safe to run."""
    path = trusted(_locate(explicit, os.environ if environ is None else environ))
    version = _version(path)
    if version < FLOOR:
        raise UnreachableError(
            f"tor {_dotted(version)} in {path} is too old: {_dotted(FLOOR)} or newer is needed",
            _INSTALL,
        )
    warning = None
    if version < GOOD:
        warning = (
            f"tor {_dotted(version)} has known security holes; update to {_dotted(GOOD)} or newer"
        )
    return TorBinary(path, version, warning)


def trusted(path: Path) -> Path:
    """The file itself, links followed. RefusedError if another user can change it, or replace
    it in its directory; UsageError if there is none."""
    file = path.resolve()
    if not file.is_file():
        raise UsageError(f"there is no file {path}", "give the full path of one")
    for place in (file, file.parent):
        found = place.stat()
        keeps_entries = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        others = found.st_mode & stat.S_IWOTH and not keeps_entries
        group = found.st_mode & stat.S_IWGRP and found.st_gid not in (0, os.getgid())
        if others or group or found.st_uid not in (0, os.getuid()):
            raise RefusedError(
                f"{place} can be changed by other users, and what stands in {file.name} is run",
                f"chmod go-w {place}, or choose another file",
            )
    return file


def installed(program: str, environ: Mapping[str, str]) -> Path | None:
    """The first of this name that can be run, on PATH and where distributions put it."""
    for place in _places(environ):
        if _runs(place / program):
            return place / program
    return None


def _locate(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    named = explicit or (Path(environ["ONIONCHAT_TOR"]) if environ.get("ONIONCHAT_TOR") else None)
    if named is not None:
        if not _runs(named):
            raise UnreachableError(f"there is no program {named}", _INSTALL)
        return named
    if found := installed("tor", environ):
        return found
    raise UnreachableError("tor is not installed", _INSTALL)


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    for place in environ.get("PATH", "").split(os.pathsep) + list(_PLACES):
        if Path(place).is_absolute():
            yield Path(place)


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _version(path: Path) -> Version:
    try:
        answer = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        answer = ""
    match = _VERSION.search(answer)
    if match is None:
        raise UnreachableError(f"{path} does not say which version of tor it is", _INSTALL)
    major, minor, micro, patch = (int(number) for number in match.groups())
    return (major, minor, micro, patch)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
