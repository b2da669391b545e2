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


def test_what_is_no_number_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "generation"
    generation.write(path, 1)
    path.write_bytes(b"\x00\x00")
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
