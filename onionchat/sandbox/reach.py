"""What a process still needs when everything is loaded, as one value for all layers."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")
_ALSO = ("/dev/urandom", "/proc/sys/kernel/random/boot_id")


def of_python() -> tuple[Path, ...]:
    """Where modules and libraries are: some are imported when they are needed first."""
    places = (*sys.path, f"{sys.base_prefix}/lib", *_SYSTEM, *_ALSO)
    return tuple(path for path in map(Path, dict.fromkeys(places)) if path.is_absolute())


@dataclass(frozen=True)
class Reach:
    """Directories that may be written; files and directories that may be read, or None for
    whatever the user may read; ports of 127.0.0.1 that may be connected to, or None where all
    is on unix sockets. What is not there is not needed."""

    write: tuple[Path, ...]
    read: tuple[Path, ...] | None = field(default_factory=of_python)
    ports: frozenset[int] | None = None
