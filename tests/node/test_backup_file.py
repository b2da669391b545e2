"""A profile into a file and out of one: the same person, all or nothing."""

import asyncio
import errno
import os
from pathlib import Path

import msgspec
import pytest

from onionchat.crypto import backup as sealing
from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, LockedError, NotFoundError, RefusedError
from onionchat.node import backup
from onionchat.node.profile import create_profile, unlocked
from onionchat.paths import Paths
from onionchat.store import keyslot, restore, whole_file
from onionchat.store.backup_content import Content
from onionchat.store.identity import Me

OLD, NEW, PHRASE = b"old", b"new", b"of the backup"


def place(tmp_path: Path, name: str) -> Paths:
    return Paths(name, tmp_path / name, tmp_path / name / "run")


@pytest.fixture
def old(tmp_path: Path) -> Paths:
    paths = place(tmp_path, "old")
    create_profile(paths, OLD, Cost.FLOOR)
    return paths


@pytest.fixture
def new(tmp_path: Path) -> Paths:
    return place(tmp_path, "new")


def saved(paths: Paths) -> bytes:
    async def made() -> bytes:
        async with unlocked(paths, OLD) as profile:
            return (await backup.sealed(profile, PHRASE, history=True, cost=Cost.FLOOR))[0]

    return asyncio.run(made())


def who(paths: Paths, phrase: bytes) -> tuple[Me, str | None]:
    async def read() -> tuple[Me, str | None]:
        async with unlocked(paths, phrase) as profile:
            return profile.me, profile.warning

    return asyncio.run(read())


def test_the_same_person_as_a_new_installation(old: Paths, new: Paths) -> None:
    content = backup.opened(saved(old), PHRASE)
    backup.restore_profile(new, content, NEW, Cost.FLOOR)
    before, _ = who(old, OLD)
    after, warning = who(new, NEW)
    assert after.seed == before.seed
    assert after.stream != before.stream
    assert after.incarnation != before.incarnation
    assert warning is None
    assert repr(before.seed) not in repr(content)


def test_wrong_and_damaged_are_told_apart(old: Paths, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    whole_file.create(file, saved(old))
    sealed = backup.read(file)
    with pytest.raises(LockedError):
        backup.opened(sealed, OLD)
    file.write_bytes(sealed[:-1])
    with pytest.raises(DamagedError, match="cut short"):
        backup.read(file)
    with pytest.raises(DamagedError, match="no backup"):
        backup.read(Path("/dev/zero"))
    with pytest.raises(RefusedError, match="Is a directory"):
        backup.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xa1\xff", b"\x80", b"\xc1", msgspec.msgpack.encode({"seed": bytes(31)})]
)
def test_what_is_in_it_is_checked_too(content: bytes) -> None:
    file = sealing.seal(content, PHRASE, Cost.FLOOR)
    with pytest.raises(DamagedError, match="not in the form"):
        backup.opened(file, PHRASE)


def test_a_profile_is_never_written_over(old: Paths) -> None:
    content = backup.opened(saved(old), PHRASE)
    before = keyslot.read(old.keyslot)
    with pytest.raises(RefusedError, match="already"):
        backup.restore_profile(old, content, NEW, Cost.FLOOR)
    assert keyslot.read(old.keyslot) == before
    assert who(old, OLD)


class PowerCut(BaseException):
    """Nobody handles it."""


@pytest.mark.parametrize("where", ["content", "keyslot"])
def test_a_failure_leaves_no_profile_and_nothing_in_the_way(
    old: Paths, new: Paths, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = backup.opened(saved(old), PHRASE)

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(*((restore, "_count_on") if where == "content" else (keyslot, "write")), cut)
        with pytest.raises(PowerCut):
            backup.restore_profile(new, content, NEW, Cost.FLOOR)
    assert not new.exists()
    assert not list(new.root.glob("store.db*"))
    with pytest.raises(NotFoundError):
        who(new, NEW)
    backup.restore_profile(new, content, NEW, Cost.FLOOR)
    assert who(new, NEW)[0].seed == content.seed


def test_a_killed_restore_is_cleared_away_by_the_next(old: Paths, new: Paths) -> None:
    content = backup.opened(saved(old), PHRASE)
    new.make()
    for left_over in (new.database, *new.database_aside):
        left_over.touch(0o600)
        left_over.write_bytes(b"of somebody who was killed")
    backup.restore_profile(new, content, NEW, Cost.FLOOR)
    assert who(new, NEW)[0].seed == content.seed


def test_content_that_contradicts_itself_is_damage(old: Paths, new: Paths) -> None:
    content = backup.opened(saved(old), PHRASE)
    refused = {"key": bytes(32), "state": "blocked", "at": 1}
    twice = msgspec.to_builtins(content, builtin_types=(bytes,)) | {"refused": [refused] * 2}
    with pytest.raises(DamagedError, match="contradicts itself"):
        backup.restore_profile(new, msgspec.convert(twice, Content), NEW, Cost.FLOOR)
    assert not new.exists()


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RefusedError, match="disk is full"):
        whole_file.create(tmp_path / "backup", b"content")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "backup", tmp_path / "link"
    file.write_bytes(b"mine")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (file, link):
        with pytest.raises(RefusedError, match="exists already"):
            whole_file.create(taken, b"content")
    assert file.read_bytes() == b"mine"
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_a_file_is_only_its_owner_s(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        whole_file.create(tmp_path / "backup", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["backup"]


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="No such file or directory"):
        whole_file.create(tmp_path / "missing" / "backup", b"content")
