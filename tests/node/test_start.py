"""A start counts in the database, then in a file: cut off anywhere, it alarms nobody."""

import asyncio
import errno
from pathlib import Path

import pytest

from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, RefusedError
from onionchat.node.profile import create_profile, unlocked
from onionchat.paths import Paths
from onionchat.store import generation, identity
from onionchat.store.lock import Lock
from onionchat.types import Incarnation

PHRASE = b"correct horse"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths("p", tmp_path / "p", tmp_path / "p" / "run")
    create_profile(found, PHRASE, Cost.FLOOR)
    assert [start(found), start(found)] == [None, None]
    return found


def start(paths: Paths) -> str | None:
    """Open and close it; what it warns of."""
    return opened(paths)[0]


def opened(paths: Paths) -> tuple[str | None, Incarnation]:
    async def opened() -> tuple[str | None, Incarnation]:
        async with unlocked(paths, PHRASE) as profile:
            return profile.warning, await profile.db.run(identity.incarnation)

    with Lock.acquire(paths.lock):
        return asyncio.run(opened())


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_starts_that_end_between_the_two_counts_are_no_old_copy(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(generation, "write", full)
        for _ in range(3):
            with pytest.raises(RefusedError, match="disk is full"):
                start(paths)
    assert [start(paths), start(paths)] == [None, None]
    assert generation.read(paths.generation) == 5


def test_an_old_copy_of_such_a_start_is_an_old_copy(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(generation, "write", full)
        with pytest.raises(RefusedError):
            start(paths)
    old = paths.database.read_bytes()
    assert start(paths) is None
    paths.database.write_bytes(old)
    assert "old copy" in (start(paths) or "")


def test_an_old_copy_is_trusted_no_more_however_its_first_start_ends(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, (_, before) = paths.database.read_bytes(), opened(paths)
    start(paths)
    paths.database.write_bytes(old)
    with monkeypatch.context() as patch:
        patch.setattr(generation, "write", full)
        for _ in range(3):
            with pytest.raises(RefusedError):
                start(paths)
    assert opened(paths)[1] != before
    assert [start(paths), start(paths)] == [None, None]


def test_one_old_copy_behind_another_is_noticed_too(paths: Paths) -> None:
    copies = []
    for _ in range(3):
        copies.append(paths.database.read_bytes())
        start(paths)
    for copy in copies:
        paths.database.write_bytes(copy)
        assert "old copy" in (start(paths) or "")


def test_a_damaged_generation_file_leaves_everything_as_it_was(paths: Paths) -> None:
    paths.generation.write_bytes(b"?")
    before = files(paths)
    for _ in range(2):
        with pytest.raises(DamagedError, match="is damaged"):
            start(paths)
    assert files(paths) == before
    paths.generation.unlink()
    assert "generation file is missing" in (start(paths) or "")
    assert start(paths) is None


def files(paths: Paths) -> dict[str, bytes]:
    found = (path for path in paths.root.iterdir() if path.is_file() and path != paths.lock)
    return {path.name: path.read_bytes() for path in found}
