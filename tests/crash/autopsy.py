"""What is in a profile's files, read without its node: the truth that a trial is judged by."""

from dataclasses import dataclass, field
from pathlib import Path

from onionchat.crypto import vault
from onionchat.paths import Paths
from onionchat.store import keyslot
from onionchat.store.base import Row
from onionchat.store.database import Database
from onionchat.store.models import Gap, Message, Outbox
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


async def examine(paths: Paths, passphrase: bytes = PASSPHRASE) -> Findings:
    """Opens the database as a node does, so a WAL that was left is taken in."""
    master = vault.unlock(keyslot.read(paths.keyslot), passphrase)
    return await look_into(paths.database, vault.derive(master, "database"))


async def look_into(database: Path, key: bytes) -> Findings:
    async with await Database.open(database, key) as db:
        return await db.run(_findings)


def _findings() -> Findings:
    found = Findings(damage=_damage(), gaps=Gap.select().count())
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


def _damage() -> list[str]:
    execute = Row._meta.database.execute_sql
    whole = [row[0] for row in execute("PRAGMA integrity_check").fetchall()]
    pages = [str(row) for row in execute("PRAGMA cipher_integrity_check").fetchall()]
    strays = [str(row) for row in execute("PRAGMA foreign_key_check").fetchall()]
    return [line for line in whole if line != "ok"] + pages + strays
