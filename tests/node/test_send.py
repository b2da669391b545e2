"""What `send` says is true, also when it ends in another way than was hoped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onionchat.errors import IdentityError, UndeliveredError
from onionchat.store import counts
from onionchat.store.models import Contact
from tests.node.street import Home, Street

DAY = 86_400_000


@asynccontextmanager
async def alone(tmp_path: Path) -> AsyncIterator[Home]:
    """Alice, up, who has asked bob; he is not there."""
    street = Street()
    alice, bob = (Home(name, tmp_path, street) for name in ("alice", "bob"))
    async with asyncio.timeout(60), alice.up():
        await alice("contact.add", name="bob", address=bob.address)
        yield alice


@pytest.mark.parametrize("word", ["cancelled", "deleted"])
def test_a_message_that_ends_while_it_is_waited_for_is_not_called_safe(
    tmp_path: Path, word: str
) -> None:
    async def scene() -> None:
        async with alone(tmp_path) as alice, asyncio.TaskGroup() as group:
            waiting = group.create_task(failure(alice))
            await alice.until(lambda: counts.totals().outbox)
            if word == "cancelled":
                (row,) = await alice("outbox.list")
                await alice("outbox.cancel", id=row.id)
            else:
                await alice("contact.remove", name="bob")
            error = await waiting
            assert error.message == f"the message was {word} before it was known to be delivered"
            assert "stays queued" not in error.hint

    async def failure(alice: Home) -> UndeliveredError:
        with pytest.raises(UndeliveredError) as caught:
            await alice("send", name="bob", text="never mind", wait="delivered")
        return caught.value

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("held", "words"), [(False, "'bob' is not verified"), (True, "'bob' no longer knows")]
)
def test_never_verified_and_held_back_are_two_sentences(
    tmp_path: Path, held: bool, words: str
) -> None:
    async def scene() -> None:
        async with alone(tmp_path) as alice:
            await alice.change(lambda: Contact.update(held=held).execute())
            with pytest.raises(IdentityError, match=words) as caught:
                await alice("send", name="bob", text="x", verified=True)
            assert "`onionchat verify NAME --confirm`" in caught.value.hint

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "earlier today"), (1, "yesterday"), (3, "3 days ago"), (-20_000, "still to come")],
)
def test_when_somebody_was_last_reachable(tmp_path: Path, days: int, words: str) -> None:
    """In 1970, where a machine without a battery begins, that lies in the future."""

    async def scene() -> None:
        async with alone(tmp_path) as alice:
            seen = alice.clock() - days * DAY
            await alice.change(lambda: Contact.update(last_seen=seen, state="contact").execute())
            hint = (await alice("send", name="bob", text="x")).hint
            assert words in hint
            assert "-2" not in hint

    asyncio.run(scene())
