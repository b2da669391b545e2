"""Where a private network lives that was given no directory."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from onionchat.cli.testnet import temporary, temporary_path
from onionchat.errors import RefusedError


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_ours_alone_and_removed() -> None:
    with ExitStack() as stack:
        place = temporary(stack)
        assert place == temporary_path()
        assert place.stat().st_mode & 0o777 == 0o700
        (place / "file").touch()
    assert not place.exists()


def test_a_second_one_is_refused_and_the_first_stays() -> None:
    with ExitStack() as stack:
        place = temporary(stack)
        with ExitStack() as other, pytest.raises(RefusedError, match="is there already"):
            temporary(other)
        assert place.exists()


@pytest.mark.parametrize("kind", ["link", "file", "open"])
def test_what_somebody_else_has_put_there_is_refused(kind: str, tmp_path: Path) -> None:
    place = temporary_path()
    if kind == "link":
        place.symlink_to(tmp_path)
    elif kind == "file":
        place.touch()
    else:
        place.mkdir()
        place.chmod(0o755)
    with ExitStack() as stack, pytest.raises(RefusedError, match="not yours alone"):
        temporary(stack)
