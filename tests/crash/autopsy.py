"""What is in a profile's files, read without its node: the truth that a trial is judged by."""

from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from peewee import fn
from sqlcipher3 import dbapi2

from onionchat.crypto import vault
from onionchat.errors import LockedError
from onionchat.paths import Paths
from onionchat.store import keyslot
from onionchat.store.database import Database
from onionchat.store.models import Gap, Message, Outbox, Seen, Session
from tests.crash.profiles import PASSPHRASE


@dataclass
class Findings:
    """`own` and `theirs`: texts in order; `states`: of our own; `unread`: of theirs.
    `damage`: what SQLite and SQLCipher complain about; `notices`: what the person is told."""

    own: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    gaps: int = 0
    damage: list[str] = field(default_factory=list)


async def examine(paths: Paths, phrase: bytes = PASSPHRASE) -> Findings:
    """Opens the database as a node does, so a WAL that was left is taken in."""
    async with await Database.open(paths.database, key(paths, phrase)) as db:
        found = await db.run(_findings)
    found.damage = damaged(paths, phrase)
    return found


def key(paths: Paths, phrase: bytes) -> bytes:
    """Of the database."""
    return vault.derive(vault.unlock(keyslot.read(paths.keyslot), phrase), "database")


def damaged(paths: Paths, phrase: bytes = PASSPHRASE) -> list[str]:
    """What SQLite and SQLCipher complain about, of a database that was closed."""
    with closing(dbapi2.connect(str(paths.database))) as connection:
        execute = connection.execute
        execute(f"PRAGMA key = \"x'{key(paths, phrase).hex()}'\"")
        whole = [line for (line,) in execute("PRAGMA integrity_check").fetchall()]
        pages = [str(row) for row in execute("PRAGMA cipher_integrity_check").fetchall()]
        strays = [str(row) for row in execute("PRAGMA foreign_key_check").fetchall()]
        return [line for line in whole if line != "ok"] + pages + strays


def opens(paths: Paths, phrase: bytes) -> bool:
    """Is this the passphrase of the profile?"""
    with suppress(LockedError):
        vault.unlock(keyslot.read(paths.keyslot), phrase)
        return True
    return False


def _findings() -> Findings:
    found = Findings(gaps=Gap.select().count())
    rows = Message.select(Message.text, Message.kind, Message.author, Message.unread)
    for text, kind, author, unread in rows.order_by(Message.id).tuples():
        if kind == "notice":
            found.notices.append(text)
            continue
        (found.own if author is None else found.theirs).append(text)
        if unread:
            found.unread.append(text)
    states = Outbox.select(Message.text, Outbox.state).join(Message)
    found.states = dict(states.order_by(Outbox.id).tuples())
    return found


def texts(state: str) -> list[str]:
    """Of our own, those that have got so far. One transaction."""
    rows = Outbox.select(Message.text).join(Message).where(Outbox.state == state)
    return [text for (text,) in rows.tuples()]


def known_to_others() -> dict[str, Any]:
    """What a peer may know of us: how much we have encrypted, which texts we have receipted."""
    receipted = Seen.select(Seen.message_id).where(~Seen.due, Seen.message_id.is_null(False))
    rows = Message.select(Message.message_id).where(Message.message_id.in_(receipted))
    return {
        "encrypted": Session.select(fn.sum(Session.sent)).scalar() or 0,
        "receipted": [message_id.hex() for (message_id,) in rows.tuples()],
    }
