"""A counter outside the database, to notice when one of the two is an old copy.

Each start of a profile counts on: first in the database, then, after that commit, in this
file. So the database is level with the file, or one ahead after a start that got no further:
the next one finishes that before it counts, so that it never becomes two. Anything else was
not us. Putting back both together goes unnoticed here; the peers notice that, by the
counters in their sessions.

    number | space | CRC-32 of the number, 8 hex digits | newline

A digit that the disk has spoilt must not be taken for an old copy.
"""

from pathlib import Path
from zlib import crc32

from onionchat.errors import DamagedError
from onionchat.store import whole_file

_LIMIT = 32


def read(path: Path) -> int | None:
    """The counter in the file; None if there is none. DamagedError: it is not as it was written."""
    try:
        content = whole_file.read(path, _LIMIT)
    except FileNotFoundError:
        return None
    number = content.partition(b" ")[0]
    if not number.isdigit() or content != _content(int(number)):
        raise DamagedError(
            f"{path} is damaged",
            "remove it to go on; it only serves to notice an old copy of the database",
        )
    return int(number)


def write(path: Path, generation: int) -> None:
    """To be called after the same number was committed to the database."""
    whole_file.replace(path, _content(generation))


def _content(generation: int) -> bytes:
    return b"%d %08x\n" % (generation, crc32(b"%d" % generation))


def interrupted(stored: int, found: int | None) -> bool:
    """Did the last start count in the database (`stored`), and get no further?"""
    return (found or 0) == stored - 1


def is_old(stored: int, found: int | None) -> bool:
    """Has the database forgotten a start that the file (`found`) remembers?"""
    return found is not None and stored < found


def rollback(stored: int, found: int | None) -> str | None:
    """A sentence for the person if the database and the file do not fit."""
    if (found or 0) == stored or interrupted(stored, found):
        return None
    if found is None:
        return "the profile's generation file is missing: files of this profile were removed"
    if is_old(stored, found):
        return (
            "the profile's database is older than the last start: an old copy was put back. "
            "Messages may be missing, and your contacts will be told of a new session"
        )
    return "the profile's generation file is older than its database: an old copy was put back"
