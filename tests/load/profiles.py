"""What is put into the store of a node that does not run."""

import asyncio
from collections.abc import Callable
from functools import partial

from onionchat.crypto.address import parse_address
from onionchat.node.profile import unlocked
from onionchat.paths import Paths
from onionchat.store.lock import Lock
from onionchat.types import IdentityKey
from tests.load import filling
from tests.load.street_node import PASSPHRASE, StreetNode


def fill(paths: Paths, *transactions: Callable[[], object], passphrase: bytes = PASSPHRASE) -> None:
    async def run() -> None:
        async with unlocked(paths, passphrase) as profile:
            for each in transactions:
                await profile.db.run(each)

    with Lock.acquire(paths.lock):
        asyncio.run(run())


def acquaint(*people: StreetNode) -> None:
    """Everybody has all others as contacts, and has never talked to them."""
    for me in people:
        others = {each.name: key_of(each) for each in people if each is not me}
        fill(me.paths, partial(filling.befriend, others))


def key_of(node: StreetNode) -> IdentityKey:
    return parse_address(node.address)
