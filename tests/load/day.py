"""Everything that two people do on a day, step by step, with the node asked as it goes.

Bob's side is where a history may be; Alice is whom it is with.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.address import format_address
from onionchat.crypto.identity import Identity
from onionchat.store import contacts, messages
from onionchat.store.models import Outbox
from onionchat.store.outbox import OPEN
from onionchat.types import Millis
from tests.node.street import Home, Street, befriend

Steps = dict[str, Callable[[], Awaitable[object]]]


@asynccontextmanager
async def neighbours(directory: Path) -> AsyncIterator[tuple[Home, Home]]:
    """Alice and Bob, who have talked."""
    street = Street()
    alice, bob = Home("alice", directory, street), Home("bob", directory, street)
    async with alice.up(), bob.up():
        await befriend(alice, bob)
        await alice("send", name="bob", text="hello", wait="delivered")
        await bob("send", name="alice", text="hello", wait="delivered")
        await settled(alice, bob)
        yield alice, bob


async def settled(*people: Home) -> None:
    for each in people:
        await each.until(lambda: not Outbox.select().where(Outbox.state.in_(OPEN)).exists())


def steps(alice: Home, bob: Home, old: str) -> Steps:
    """`old`: the ID of a message in the middle of Bob's history."""

    async def talk() -> None:
        for number in range(3):
            await alice("send", name="bob", text=f"a {number}", wait="delivered")
            await bob("send", name="alice", text=f"b {number}", wait="delivered")
        await settled(alice, bob)

    async def acknowledge() -> None:
        rows = await bob("receive", limit=1)
        await bob("receive.ack", cursors=[row.cursor for row in rows])

    async def take_back() -> None:
        """Somebody is asked who is not there: a message waits for them, and is taken back."""
        nobody = format_address(Identity.from_seed(bytes(32)).key)
        await bob("contact.add", name="nobody", address=nobody)
        await bob("send", name="nobody", text="never mind")
        (row,) = await bob("outbox.list")
        await bob("outbox.list", after=row.id)
        await bob("outbox.cancel", id=row.id)

    return {
        "talk": talk,
        "status": lambda: bob("status"),
        "contact.list": lambda: bob("contact.list"),
        "contact.show": lambda: bob("contact.show", name="alice"),
        "receive": lambda: bob("receive"),
        "receive from one": lambda: bob("receive", name="alice"),
        "receive.ack": acknowledge,
        "history": lambda: bob("history", name="alice"),
        "history before": lambda: bob("history", name="alice", before=old),
        "outbox": take_back,
        "notice": lambda: bob.change(lambda: _notice(alice)),
    }


def _notice(about: Home) -> None:
    contact = contacts.by_name(about.name)
    assert contact is not None
    now = Millis(2**41)
    messages.add_notice(contact.conversation, contact.id, "a notice", now, unless_since=now - 1)
