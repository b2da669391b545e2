"""The two profiles of a trial, in every state that a trial begins with.

Made once, then copied: a trial always begins with the same bytes. A passphrase costs as
good as nothing here, because a trial is not about Argon2id (tests/crypto is); everything
else about the keyslot is real.
"""

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from onionchat.crypto import vault
from onionchat.crypto.vault import Cost
from onionchat.node import backup, dialing, places
from onionchat.node.node import Node
from onionchat.node.profile import Profile, create_profile, unlocked
from onionchat.node.verbs import VERBS
from onionchat.paths import Paths, locate
from onionchat.store import counts, generation, identity, keyslot, requests
from onionchat.store.database import Database
from onionchat.store.lock import Lock
from onionchat.tor.address import unix
from tests.crash import old_schema
from tests.node.patience import hurry
from tests.node.street import Lane, Street
from tests.rpc.neighbour import Signposts

PASSPHRASE, OTHER = b"correct horse", b"battery staple"
VICTIM, PEER = "victim", "peer"
HELLO = "hello"
BACKUP = "victim.backup"
AT_ITS_COST = "keyslot"
"""Beside the profile: its keyslot as real Argon2id makes it."""


class Cheap:
    """Stands in for Argon2id."""

    def __init__(self, *, salt: bytes, **_: int) -> None:
        self._salt = salt

    def derive(self, passphrase: bytes) -> bytes:
        return hashlib.sha256(self._salt + passphrase).digest()


def promptly(patch: pytest.MonkeyPatch) -> None:
    """Dial, redial and receipt at once, and soon again where it was in vain."""
    hurry(patch)
    patch.setattr(dialing, "BACKOFF_SECONDS", (0.1,))
    patch.setattr(places, "AGAIN", 0.1)


def cheaply(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vault, "Argon2id", Cheap)


def at_its_cost(paths: Paths) -> bytes:
    """The keyslot of this profile as real Argon2id makes it, at the least that it may cost."""
    master = vault.unlock(keyslot.read(paths.keyslot), PASSPHRASE)
    drawn = iter([master])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "Argon2id", Argon2id)
        made, _ = vault.create(
            PASSPHRASE, Cost.FLOOR, lambda size: next(drawn, None) or secrets.token_bytes(size)
        )
    return made


def place(directory: Path, name: str) -> Paths:
    return locate(directory, name, {})


class Person:
    """A node that runs, in this process."""

    def __init__(self, profile: Profile, node: Node) -> None:
        self.profile = profile
        self.node = node

    async def __call__(self, method: str, **params: Any) -> Any:
        verb = VERBS[method]
        return await verb.call(self.profile, verb.params(**params))

    async def until_asked(self) -> None:
        """Until there is a request."""
        while True:
            changed = self.profile.feed.next_change()
            if await self.profile.db.run(requests.all_rows):
                return
            await changed.wait()

    async def until_empty(self) -> None:
        """Until everything of ours has arrived."""
        while True:
            changed = self.profile.feed.next_change()
            if await self.profile.db.run(lambda: counts.totals().outbox) == 0:
                return
            await changed.wait()


@asynccontextmanager
async def up(directory: Path, name: str) -> AsyncIterator[Person]:
    """The node of this profile, on the street of this directory; stopped cleanly."""
    paths = place(directory, name)
    with Lock.acquire(paths.lock):
        async with unlocked(paths, PASSPHRASE) as profile:
            street = Street()
            street.served = Signposts(directory / "street")
            node = Node(
                profile, Lane(street), lambda onion: unix(paths.onion_socket(onion)), dial=True
            )
            async with asyncio.TaskGroup() as group:
                running = group.create_task(node.run())
                await node.started.wait()
                try:
                    yield Person(profile, node)
                except BaseException:
                    running.cancel()
                    raise
                node.stop()


def make_strangers(directory: Path) -> None:
    """Two profiles that do not know each other."""
    for name in (VICTIM, PEER):
        create_profile(place(directory, name), PASSPHRASE)


async def ask(asker: Person, asked: Person, name: str) -> None:
    """`asked` has the request of `asker`, who calls them `name`."""
    await asker("contact.add", name=name, address=asked.node.address, text="it is me")
    await asked.until_asked()


async def make_asked(directory: Path) -> None:
    """Of strangers: the peer has asked the victim, who has not answered."""
    async with up(directory, VICTIM) as victim, up(directory, PEER) as peer:
        await ask(peer, victim, VICTIM)


async def make_friends(directory: Path) -> None:
    """Of strangers: a session in common and a message each way, which has been read."""
    async with up(directory, VICTIM) as victim, up(directory, PEER) as peer:
        await ask(victim, peer, PEER)
        await peer("request.accept", who="1", name=VICTIM)
        await peer("send", name=VICTIM, text=HELLO, wait="delivered", timeout=60)
        await victim("send", name=PEER, text=HELLO, wait="delivered", timeout=60)
        for person in (victim, peer):
            rows = await person("receive")
            await person("receive.ack", cursors=[row.cursor for row in rows])


async def make_interrupted(directory: Path) -> None:
    """Of friends: killed as it had counted its start in the database alone."""
    paths = place(directory, VICTIM)
    master = vault.unlock(keyslot.read(paths.keyslot), PASSPHRASE)
    async with await Database.open(paths.database, vault.derive(master, "database")) as db:
        await db.run(identity.count_start, generation.read(paths.generation) or 0)
        for path in (paths.database, *paths.database_aside):
            shutil.copy(path, directory / path.name)
    for path in (paths.database, *paths.database_aside):
        (directory / path.name).rename(path)


async def make_old(directory: Path) -> None:
    """Of friends: as the first program with a schema would have left them."""
    paths = place(directory, VICTIM)
    master = vault.unlock(keyslot.read(paths.keyslot), PASSPHRASE)
    key = vault.derive(master, "database")
    old_schema.rewrite(paths.database, key)


async def make_put_back(directory: Path) -> None:
    """Of friends: a start later, with the database of before."""
    database = place(directory, VICTIM).database
    before = database.read_bytes()
    async with up(directory, VICTIM) as victim, up(directory, PEER):
        await victim("send", name=PEER, text=HELLO, wait="delivered", timeout=60)
    database.write_bytes(before)


async def make_moved(directory: Path) -> None:
    """Of friends: the victim is a backup alone."""
    paths = place(directory, VICTIM)
    async with unlocked(paths, PASSPHRASE) as profile:
        sealed, *_ = await backup.sealed(profile, OTHER, history=True)
    shutil.rmtree(paths.root)
    (directory / BACKUP).write_bytes(sealed)


async def make_alone(directory: Path) -> None:
    """Of strangers: the victim is nobody yet."""
    shutil.rmtree(place(directory, VICTIM).root)


def make_templates(directory: Path) -> None:
    """One directory for each beginning."""
    make_strangers(directory / "strangers")
    for name, (of, make) in BEGINNINGS.items():
        shutil.copytree(directory / of, directory / name, symlinks=True)
        asyncio.run(make(directory / name))
    for template in directory.iterdir():
        victim = place(template, VICTIM)
        if victim.exists():
            (template / AT_ITS_COST).write_bytes(at_its_cost(victim))


BEGINNINGS = {
    "asked": ("strangers", make_asked),
    "alone": ("strangers", make_alone),
    "friends": ("strangers", make_friends),
    "interrupted": ("friends", make_interrupted),
    "old": ("friends", make_old),
    "rollback": ("friends", make_put_back),
    "moved": ("friends", make_moved),
}
