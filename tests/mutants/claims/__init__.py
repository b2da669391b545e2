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
    stranger,
    stranger_door,
    stranger_text,
    tor,
    two_contacts,
    watcher,
)
from tests.mutants.claims.weakness import Weakness

WEAKNESSES: tuple[Weakness, ...] = (
    *stranger.WEAKNESSES,
    *stranger_door.WEAKNESSES,
    *stranger_text.WEAKNESSES,
    *contact.WEAKNESSES,
    *contact_text.WEAKNESSES,
    *invite.WEAKNESSES,
    *removed.WEAKNESSES,
    *two_contacts.WEAKNESSES,
    *relay.WEAKNESSES,
    *disk.WEAKNESSES,
    *watcher.WEAKNESSES,
    *other_user.WEAKNESSES,
    *process.WEAKNESSES,
    *tor.WEAKNESSES,
)

CONTROLS: tuple[str, ...] = (*disk.CONTROLS, *other_user.CONTROLS)
"""Tests that plant a weakness themselves, and need none."""
