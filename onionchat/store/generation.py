"""A counter outside the database, to notice when one of the two is an old copy.

Each start of a profile counts on: first in the database, then, after that commit, in this
file. So the database is level with the file, or one ahead after a crash between the two.
Anything else was not us. Putting back both together goes unnoticed here; the peers notice
that, by the counters in their sessions.
"""

from pathlib import Path

from onionchat.errors import DamagedError
from onionchat.store import whole_file

_LIMIT = 32


def read(path: Path) -> int | None:
    """The counter in the file; None if there is none. DamagedError: it holds no number."""
    try:
        content = whole_file.read(path, _LIMIT)
    except FileNotFoundError:
        return None
    if not content.strip().isdigit():
        raise DamagedError(
            f"{path} does not hold a number",
            "remove it to go on; it only serves to notice an old copy of the database",
        )
    return int(content)


def write(path: Path, generation: int) -> None:
    """To be called after the same number was committed to the database."""
    whole_file.replace(path, b"%d\n" % generation)


def is_old(stored: int, found: int | None) -> bool:
    """Has the database forgotten a start that the file (`found`) remembers?"""
    return found is not None and stored < found


def rollback(stored: int, found: int | None) -> str | None:
    """A sentence for the person if the database (`stored`) and the file do not fit."""
    if found in (stored, stored - 1) or (found is None and stored <= 1):
        return None
    if found is None:
        return "the profile's generation file is missing: files of this profile were removed"
    if is_old(stored, found):
        return (
            "the profile's database is older than the last start: an old copy was put back. "
            "Messages may be missing, and your contacts will be told of a new session"
        )
    return "the profile's generation file is older than its database: an old copy was put back"
