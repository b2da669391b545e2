"""An unlocked profile: who we are, what is stored, and the node if one runs.

Every verb gets one. A command that works without a node opens the profile itself, under
the same lock; `live` is None then. A profile is made once, never re-made: where a keyslot
exists and the database does not, that is damage and said so.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from onionchat.crypto import vault
from onionchat.crypto.address import format_address
from onionchat.crypto.identity import Identity
from onionchat.crypto.vault import Cost
from onionchat.errors import LocalError, RefusedError, UnreachableError
from onionchat.node import lifetimes
from onionchat.node.clock import Clock, wall_clock
from onionchat.node.doctor import Check
from onionchat.node.events import Feed
from onionchat.node.rollback import distrust_all
from onionchat.node.uptime import uptime
from onionchat.node.why import Why
from onionchat.os_errors import explained
from onionchat.paths import Paths
from onionchat.store import ephemeral, generation, keyslot
from onionchat.store import identity as identities
from onionchat.store.database import Database
from onionchat.store.ending import Uptime
from onionchat.store.identity import Me
from onionchat.store.lock import Lock
from onionchat.tor.status import TorStatus
from onionchat.types import IdentityKey, Incarnation, OnionKind, Place, StreamId

P = ParamSpec("P")
R = TypeVar("R")


class Live(Protocol):
    """What the verbs need of a running node."""

    @property
    def tor(self) -> TorStatus: ...
    def served(self, kind: OnionKind | None = None) -> frozenset[str]: ...
    @property
    def findable(self) -> bool: ...
    def online(self, contact: int) -> bool: ...
    def online_count(self) -> int: ...
    def why(self, contact: int) -> Why | None: ...
    async def knock(self, place: Place, key: IdentityKey) -> Check: ...
    async def changed(self, contact: int) -> None: ...
    def expires(self) -> None: ...
    def rearrange(self) -> None: ...
    async def rearranged(self) -> None: ...
    def stop(self) -> None: ...


def _no_keyslot(_: bytes, __: bytes) -> None:
    raise LocalError("this profile was not opened with a passphrase")


@dataclass
class Profile:
    """The open store and the identity in it. `warning`: what the person must know about it.

    `rewrap` gives the keyslot another passphrase: old, new. `keep` is told the new one, for
    whoever will have to open the profile again without asking. `lock` ends this process, and
    nobody opens the profile again without the passphrase.
    """

    db: Database
    me: Me
    identity: Identity = field(repr=False)
    feed: Feed
    clock: Clock = wall_clock
    uptime: Callable[[], Uptime] = uptime
    live: Live | None = None
    warning: str | None = None
    rewrap: Callable[[bytes, bytes], None] = _no_keyslot
    keep: Callable[[bytes], None] = lambda _: None
    lock: Callable[[], None] = lambda: None

    def running(self) -> Live:
        """The node, for verbs that make no sense without one."""
        if self.live is None:
            raise UnreachableError("the node is not running", "start it with `onionchat up`")
        return self.live

    async def change(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One transaction that may write events: commit, then tell who listens."""
        result = await self.db.run(function, *args, **kwargs)
        self.feed.announce()
        return result

    async def erase(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for one that deletes what was said: afterwards nothing of it is left."""
        result = await self.change(function, *args, **kwargs)
        await self.db.forget()
        return result

    async def changed(self, contact: int) -> None:
        """Something was committed for this contact; a running node should look."""
        if self.live is not None:
            await self.live.changed(contact)


def create_profile(paths: Paths, passphrase: bytes, cost: Cost = Cost.DEFAULT) -> str:
    """A new identity under this passphrase; its address. RefusedError if there is one."""
    paths.make()
    with Lock.acquire(paths.lock):
        return create_locked(paths, passphrase, cost)


def create_locked(paths: Paths, passphrase: bytes, cost: Cost) -> str:
    """The same for who holds the profile's lock."""
    me = Me(
        secrets.token_bytes(32),
        StreamId(secrets.token_bytes(8)),
        Incarnation(secrets.token_bytes(16)),
    )
    return _made(paths, passphrase, me, lambda: identities.create(me, wall_clock()), cost)


def make_profile(
    paths: Paths, passphrase: bytes, me: Me, fill: Callable[[], None], cost: Cost = Cost.DEFAULT
) -> str:
    """A profile whose first transaction is `fill`; its address. RefusedError if there is one."""
    paths.make()
    with Lock.acquire(paths.lock):
        return _made(paths, passphrase, me, fill, cost)


def _made(paths: Paths, passphrase: bytes, me: Me, fill: Callable[[], None], cost: Cost) -> str:
    """The keyslot is written last: what is there before it is no profile, and is removed if
    anything fails, or by whoever comes next if we cannot."""
    ephemeral.check_beside(paths)
    with ExitStack() as undo:
        if paths.exists():
            raise RefusedError(
                f"there is a profile in {paths.root} already", "choose another name with --profile"
            )
        undo.callback(_remove_rest, paths)
        _remove_rest(paths)
        slots, master = vault.create(passphrase, cost)
        asyncio.run(_fill(paths, vault.derive(master, "database"), fill))
        keyslot.write(paths.keyslot, slots)
        return format_address(Identity.from_seed(me.seed).key)


@asynccontextmanager
async def unlocked(paths: Paths, passphrase: bytes) -> AsyncIterator[Profile]:
    """The open profile. NotFoundError, LockedError, DamagedError, RefusedError.

    The caller holds the profile's lock: one writer, always.
    """
    async with AsyncExitStack() as stack:
        with explained():
            master = vault.unlock(keyslot.read(paths.keyslot), passphrase)
            counted = generation.read(paths.generation)
            opening = Database.open(paths.database, vault.derive(master, "database"))
            db = await stack.enter_async_context(await opening)
            me = await db.run(identities.load)
            stored = await db.run(identities.generation)
            if generation.interrupted(stored, counted):
                generation.write(paths.generation, stored)
            generation.write(paths.generation, await db.run(_count, counted))
        profile = Profile(
            *(db, me, Identity.from_seed(me.seed), Feed(db)),
            warning=generation.rollback(stored, counted),
            rewrap=partial(_rewrap, paths),
        )
        await lifetimes.erase(profile)  # before anybody can see it
        await lifetimes.erase_old(profile)
        yield profile


def _count(in_file: int | None) -> int:
    """This start; with the count goes the trust that an old database has lost."""
    if generation.is_old(identities.generation(), in_file):
        distrust_all()
    return identities.count_start(in_file or 0)


def _rewrap(paths: Paths, old: bytes, new: bytes) -> None:
    """Two guesses' work: about a second. The old keyslot is there until the new one is."""
    keyslot.write(paths.keyslot, vault.rewrap(keyslot.read(paths.keyslot), old, new))


async def _fill(paths: Paths, key: bytes, fill: Callable[[], None]) -> None:
    async with await Database.open(paths.database, key, create=True) as db:
        await db.run(fill)


def _remove_rest(paths: Paths) -> None:
    """What is left of a profile that never came to be: one that has a keyslot has."""
    if paths.exists():
        return
    for left_over in (paths.database, paths.generation, *paths.database_aside):
        left_over.unlink(missing_ok=True)
