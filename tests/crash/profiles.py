"""The two profiles of a trial, in every state that a trial begins with.

Made once, then copied: a trial always begins with the same bytes. A passphrase costs as
good as nothing here, because a trial is not about Argon2id (tests/crypto is); everything
else about the keyslot is real.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto import vault
from onionchat.node.node import Node
from onionchat.node.profile import Profile, create_profile, unlocked
from onionchat.node.verbs import VERBS
from onionchat.paths import Paths, locate
from onionchat.store import counts, requests
from onionchat.store.lock import Lock
from onionchat.tor.address import unix
from tests.node.street import Lane, Street
from tests.rpc.neighbour import Signposts

PASSPHRASE = b"correct horse"
VICTIM, PEER = "victim", "peer"
HELLO = "hello"


class Cheap:
    """Stands in for Argon2id."""

    def __init__(self, *, salt: bytes, **_: int) -> None:
        self._salt = salt

    def derive(self, passphrase: bytes) -> bytes:
        return hashlib.sha256(self._salt + passphrase).digest()


def cheaply(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(vault, "Argon2id", Cheap)


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

    async def until_empty(self) -> None:
        """Until everything of ours has arrived."""
        while True:
            changed = self.profile.feed.next_change()
            if await self.profile.db.run(lambda: counts.totals().outbox) == 0:
                return
            await changed.wait(None)


@asynccontextmanager
async def up(directory: Path, name: str) -> AsyncIterator[Person]:
    """The node of this profile, on the street of this directory; stopped cleanly."""
    paths = place(directory, name)
    with Lock.acquire(paths.lock):
        async with unlocked(paths, PASSPHRASE) as profile:
            street = Street()
            street.served = Signposts(directory / "street")
            node = Node(profile, Lane(street), unix(paths.identity_socket), dial=True)
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
    while True:
        changed = asked.profile.feed.next_change()
        if await asked.profile.db.run(requests.all_rows):
            return
        await changed.wait(None)


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


def make_templates(directory: Path) -> None:
    """One directory for each beginning."""
    for name, make in {"asked": make_asked, "friends": make_friends}.items():
        make_strangers(directory / name)
        asyncio.run(make(directory / name))
