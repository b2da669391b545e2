"""The keyslot survives a power cut, a full disk and an interrupted writer."""

import errno
import os
from pathlib import Path

import pytest

from onionchat.errors import NotFoundError, RefusedError
from onionchat.store import keyslot


def test_what_is_written_is_read_and_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "keyslot"
    before = os.umask(0)
    try:
        keyslot.write(path, b"one")
        keyslot.write(path, b"two")
    finally:
        os.umask(before)
    assert keyslot.read(path) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["keyslot"]


def test_a_missing_one_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        keyslot.read(tmp_path / "keyslot")
    assert "onionchat init" in caught.value.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_one_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyslot"
    keyslot.write(path, b"one")
    path.chmod(mode)
    with pytest.raises(RefusedError, match=f"mode {mode:o}") as caught:
        keyslot.read(path)
    assert caught.value.hint == f"run `chmod 600 {path}`"


def test_the_leftover_of_an_interrupted_writer_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "keyslot.new").write_bytes(b"half")
    keyslot.write(tmp_path / "keyslot", b"one")
    assert keyslot.read(tmp_path / "keyslot") == b"one"


def test_on_a_full_disk_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyslot.write(tmp_path / "keyslot", b"one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RefusedError, match="disk is full"):
        keyslot.write(tmp_path / "keyslot", b"two")
    assert keyslot.read(tmp_path / "keyslot") == b"one"
    assert [file.name for file in tmp_path.iterdir()] == ["keyslot"]


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a power cut needs: content, name, directory."""
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def record_fsync(descriptor: int) -> None:
        steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def record_rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_rename)
    keyslot.write(tmp_path / "keyslot", b"one")
    assert steps == ["keyslot.new", "rename", tmp_path.name]
