"""An old copy of the database is noticed, a crash is not taken for one."""

from pathlib import Path

import pytest

from onionchat.errors import DamagedError
from onionchat.store import generation


def test_the_counter_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "generation"
    assert generation.read(path) is None
    generation.write(path, 41)
    generation.write(path, 42)
    assert generation.read(path) == 42


@pytest.mark.parametrize("content", [b"", b"\0\0", b"7", b"7 ", b"007 4e0b1f84\n", b"x" * 99])
def test_what_was_not_written_by_us_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "generation"
    generation.write(path, 1)
    path.write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        generation.read(path)
    assert "remove it" in caught.value.hint


def test_every_damaged_bit_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "generation"
    generation.write(path, 1048)
    content = path.read_bytes()
    for bit in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(DamagedError):
            generation.read(path)


@pytest.mark.parametrize(("stored", "found"), [(0, None), (1, None), (7, 7), (7, 6), (1, 0)])
def test_a_start_and_a_crash_between_the_two_are_no_rollback(
    stored: int, found: int | None
) -> None:
    assert generation.rollback(stored, found) is None


@pytest.mark.parametrize(
    ("stored", "found", "word"),
    [(6, 7, "database is older"), (7, 5, "file is older"), (7, None, "missing")],
)
def test_an_old_copy_is_noticed(stored: int, found: int | None, word: str) -> None:
    warning = generation.rollback(stored, found)
    assert warning is not None
    assert word in warning
