"""A profile that its disk has spoilt: what is left of it is left alone, and never made anew."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onionchat.errors import DamagedError, NotFoundError
from onionchat.node.profile import create_profile, unlocked
from onionchat.paths import Paths
from onionchat.store import contacts
from onionchat.store.contacts import NewContact
from onionchat.store.models import MODELS, Identity, Message
from onionchat.types import IdentityKey, MessageId, Millis
from tests.crash.profiles import PASSPHRASE, cheaply, place

PAGE = 4096
Files = dict[str, bytes]
Rows = dict[str, list[Any]]

DAMAGES: dict[str, Callable[[bytes, int], bytes]] = {
    "a bit": lambda content, start: _with(
        content, start + PAGE // 2, b"%c" % (content[start + PAGE // 2] ^ 4)
    ),
    "zeros": lambda content, start: _with(content, start, bytes(PAGE)),
    "anything": lambda content, start: _with(content, start, secrets.token_bytes(PAGE)),
    "the end": lambda content, start: content[:start],
}


def _with(content: bytes, start: int, new: bytes) -> bytes:
    return content[:start] + new + content[start + len(new) :]


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A profile with somebody and a history, some of it in pages of its own."""
    cheaply(monkeypatch)
    paths = place(tmp_path, "p")
    create_profile(paths, PASSPHRASE)
    opened(paths, fill)
    return paths


def opened(paths: Paths, transaction: Callable[[], Any]) -> Any:
    return asyncio.run(run(paths, transaction))


async def run(paths: Paths, transaction: Callable[[], Any]) -> Any:
    async with unlocked(paths, PASSPHRASE) as profile:
        return await profile.db.run(transaction)


def fill() -> None:
    key, request = IdentityKey(secrets.token_bytes(32)), MessageId(secrets.token_bytes(16))
    bob = contacts.add(NewContact("bob", "bob", key, "contact", request), Millis(1))
    for number in range(20):
        Message.create(
            conversation=bob.conversation,
            author=bob.id,
            message_id=secrets.token_bytes(16),
            kind="text",
            text=f"{number} " + "x" * 500 * number,
            clock=number,
            at=number,
            unread=True,
            late=False,
        )


def everything() -> Rows:
    """But the counter of starts."""
    tables = (table for table in MODELS if table is not Identity)
    return {
        table.__name__: list(table.select().order_by(table._meta.primary_key).tuples())
        for table in tables
    }


def files(paths: Paths) -> Files:
    found = (path for path in paths.root.iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in found}


def restore(paths: Paths, content: Files) -> None:
    for path in paths.root.iterdir():
        if path.is_file():
            path.unlink()
    for name, data in content.items():
        (paths.root / name).touch(0o600)
        (paths.root / name).write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_page_of_the_database(paths: Paths, damage: str) -> None:
    """Found as soon as the page is needed, be it later; what is found at the start changes
    nothing. A page that nothing was read from may be as it likes."""
    whole, before = opened(paths, everything), files(paths)
    database = before[paths.database.name]
    found: list[int] = []

    async def try_all() -> None:
        for start in range(0, len(database), PAGE):
            spoilt = before | {paths.database.name: DAMAGES[damage](database, start)}
            restore(paths, spoilt)
            try:
                assert await run(paths, everything) == whole
            except DamagedError:
                found.append(start)
                assert files(paths).keys() == before.keys()
                assert files(paths)["keyslot"] == before["keyslot"]
                if start == 0 or damage == "the end":
                    assert files(paths) == spoilt

    asyncio.run(try_all())
    assert len(found) > len(database) / PAGE / 2


def test_every_byte_of_the_keyslot(paths: Paths) -> None:
    before = files(paths)
    whole = before["keyslot"]

    async def try_all() -> None:
        for byte in range(len(whole)):
            paths.keyslot.write_bytes(_with(whole, byte, b"%c" % (whole[byte] ^ 1 << byte % 8)))
            with pytest.raises(DamagedError) as caught:
                await run(paths, everything)
            assert "restore a backup" in caught.value.hint

    asyncio.run(try_all())
    paths.keyslot.write_bytes(whole)
    assert files(paths) == before


@pytest.mark.parametrize("size", range(0, PAGE, 64))
def test_a_keyslot_that_was_cut_off(paths: Paths, size: int) -> None:
    before = files(paths)
    paths.keyslot.write_bytes(before["keyslot"][:size])
    with pytest.raises(DamagedError):
        opened(paths, everything)
    assert files(paths) == before | {"keyslot": before["keyslot"][:size]}


@pytest.mark.parametrize(
    ("gone", "error"),
    [("keyslot", NotFoundError), ("store.db", DamagedError)],
)
def test_a_file_that_has_gone_is_not_made_anew(
    paths: Paths, gone: str, error: type[Exception]
) -> None:
    before = files(paths)
    (paths.root / gone).unlink()
    with pytest.raises(error):
        opened(paths, everything)
    del before[gone]
    assert files(paths) == before
