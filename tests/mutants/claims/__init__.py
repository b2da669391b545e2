"""What docs/threat-model.md says that nobody can do, made possible once: who notices?

Behind each *cannot* stand tests. A test that has never been seen red proves nothing, so for each
there is a weakness, planted in the source, with which it must fail. A file for each adversary.
"""

from tests.mutants.claims import (
    contact,
    contact_text,
    disk,
    invite,
    other_user,
    process,
    relay,
    removed,
    screen,
    stranger,
    stranger_door,
    stranger_text,
    tor,
    two_contacts,
    watcher,
)
from tests.mutants.claims.weakness import Weakness

ADVERSARIES = (
    *(stranger, stranger_door, stranger_text, contact, contact_text, invite, removed),
    *(two_contacts, relay, watcher, screen, other_user, disk, process, tor),
)

WEAKNESSES: tuple[Weakness, ...] = tuple(
    weakness for adversary in ADVERSARIES for weakness in adversary.WEAKNESSES
)

CONTROLS: tuple[str, ...] = (*disk.CONTROLS, *other_user.CONTROLS)
"""Tests that plant a weakness themselves, and need none."""
