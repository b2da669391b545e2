"""Whenever the power goes, whoever was told that something is safe was told the truth."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.crash import strace
from tests.crash.disk import PAGE, SECTOR, Directory, File, Luck, latest
from tests.crash.nursery import nursery
from tests.crash.powercut import Image, Take, images, record

OFTEN = {"wal_autocheckpoint": 40}
"""Checkpoints after each few messages."""


Cut = Callable[[Take, int], list[Image]]


@pytest.fixture
def cut(templates: Path, tmp_path: Path) -> Cut:
    """So many images of one recording."""

    async def made(take: Take, count: int) -> list[Image]:
        async with nursery() as mother:
            recording = await record(mother, templates, tmp_path / "take", take)
        return [image async for image in images(recording, tmp_path / "image", count, Random(1))]

    return lambda take, count: asyncio.run(made(take, count))


@strace.needed
@pytest.mark.parametrize(
    "take",
    [
        Take(),
        Take("old", OFTEN),
        Take("interrupted", OFTEN, failing="20"),
        Take(failing="9", dies=True),
        Take(settings=OFTEN, failing="30", dies=True),
    ],
    ids=["plain", "after a migration", "a sync fails", "and it dies", "among checkpoints"],
)
def test_nothing_that_was_acknowledged_is_lost(cut: Cut, take: Take) -> None:
    found = cut(take, 200)
    assert [image for image in found if image.lost] == []
    assert len(found) == 200


@strace.needed
@pytest.mark.parametrize(
    "take",
    [Take(settings={"synchronous": 1}), Take(failing="9", dies=True, weak="believes_the_wal")],
    ids=["synchronous is NORMAL", "a WAL that a failed sync left is believed"],
)
def test_a_weakness_is_seen(cut: Cut, take: Take) -> None:
    found = cut(take, 100)
    lost = [image for image in found if "a message that was acknowledged is lost" in image.lost]
    assert len(lost) > len(found) / 10


# The model of a disk


def left(file: File, chance: float) -> bytes:
    return bytes(file.after_power_cut(Luck(chance, Random(1))))


def test_what_was_synced_is_there_and_nothing_else_must_be() -> None:
    file = File(b"a" * SECTOR)
    file.write(0, b"b" * SECTOR)
    file.sync()
    file.write(0, b"c" * SECTOR)
    assert (left(file, 0), left(file, 1)) == (b"b" * SECTOR, b"c" * SECTOR)


def test_a_write_is_torn_and_overtaken() -> None:
    file = File(bytes(PAGE))
    file.write(0, b"a" * PAGE)
    file.write(0, b"b" * PAGE)
    assert set(left(file, 0.5)) == set(b"\0ab")


def test_the_size_may_come_without_the_content() -> None:
    file = File()
    file.write(0, b"a" * 100)
    sizes = {len(left(file, 0)), len(left(file, 1))}
    assert sizes == {0, 100}


def test_what_a_failed_sync_took_for_written_is_never_written_unless_it_changes() -> None:
    file = File(bytes(2 * PAGE))
    file.write(0, b"a" * PAGE)
    file.fail_to_sync(Luck(0, Random(1)))
    file.write(PAGE, b"b" * PAGE)
    file.sync()
    assert bytes(file.content) == b"a" * PAGE + b"b" * PAGE
    assert left(file, 1) == bytes(PAGE) + b"b" * PAGE
    file.write(1, b"a")
    file.sync()
    assert left(file, 0) == b"a" * PAGE + b"b" * PAGE


def test_a_file_that_shrinks_has_lost_its_end_when_it_grows_again() -> None:
    file = File(b"a" * PAGE)
    file.truncate(10)
    file.truncate(20)
    file.sync()
    assert left(file, 0) == b"a" * 10 + bytes(10)


def test_names_come_in_their_order_until_the_directory_is_synced(tmp_path: Path) -> None:
    directory = Directory({"old": b"1"})
    directory.create("new")
    directory["new"].write(0, b"2")
    directory["new"].sync()
    directory.rename("new", "old")
    found = set()
    for seed in range(20):
        directory.leave(tmp_path / str(seed), Luck(0.5, Random(seed)))
        files = sorted((tmp_path / str(seed)).iterdir())
        found.add(tuple((file.name, file.read_bytes()) for file in files))
    assert found == {(("old", b"1"),), (("new", b"2"), ("old", b"1")), (("old", b"2"),)}
    directory.sync()
    directory.unlink("old")
    directory.leave(tmp_path / "kept", Luck(0, Random(1)))
    directory.leave(tmp_path / "gone", latest)
    assert [len(list((tmp_path / name).iterdir())) for name in ("kept", "gone")] == [1, 0]
