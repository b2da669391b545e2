import os
from pathlib import Path

import pytest

from onionchat.errors import RefusedError, UnreachableError
from onionchat.tor.find import FLOOR, GOOD, find_tor


def tor(directory: Path, version: str, mode: int = 0o755) -> Path:
    """A program that says it is this version."""
    path = directory / "tor"
    path.write_text(f"#!/bin/sh\necho 'Tor version {version}.'\n")
    path.chmod(mode)
    return path


@pytest.fixture(autouse=True)
def tidy(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)


def test_the_real_one_is_found_and_good() -> None:
    found = find_tor()
    assert found.version >= FLOOR
    assert found.path.is_absolute()


def test_what_the_person_names_wins_over_environment_and_path(tmp_path: Path) -> None:
    named, other = tmp_path / "a", tmp_path / "b"
    for directory, version in ((named, "0.4.9.12"), (other, "0.4.9.13")):
        directory.mkdir()
        tor(directory, version)
    environ = {"ONIONCHAT_TOR": str(other / "tor"), "PATH": str(other)}
    assert find_tor(named / "tor", environ).version == (0, 4, 9, 12)
    assert find_tor(None, environ).version == (0, 4, 9, 13)
    assert find_tor(None, {"PATH": f"relative:{named}"}).version == (0, 4, 9, 12)


def test_one_that_is_named_and_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="no program"):
        find_tor(tmp_path / "tor", {"PATH": "/usr/bin:/usr/sbin"})


def test_without_any_the_hint_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onionchat.tor.find._PLACES", ())
    with pytest.raises(UnreachableError) as missing:
        find_tor(None, {"PATH": str(tmp_path)})
    assert "apt-get install" in missing.value.hint


@pytest.mark.parametrize(
    ("version", "warns"), [("0.4.8.9", True), ("0.4.9.10", True), ("0.4.9.11", False)]
)
def test_an_old_one_works_with_a_warning(tmp_path: Path, version: str, warns: bool) -> None:
    found = find_tor(tor(tmp_path, version))
    assert (found.warning is not None) is warns
    assert (found.version < GOOD) is warns


def test_one_below_the_floor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="too old"):
        find_tor(tor(tmp_path, "0.4.8.8"))


@pytest.mark.parametrize("script", ["exit 1", "echo hello", "kill $$"])
def test_what_is_not_tor_is_told(tmp_path: Path, script: str) -> None:
    path = tmp_path / "tor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    with pytest.raises(UnreachableError, match="version"):
        find_tor(path)


@pytest.mark.parametrize("which", ["file", "sticky file", "directory", "owner"])
def test_one_that_others_can_replace_is_never_run(tmp_path: Path, which: str) -> None:
    ran = tmp_path / "ran"
    path = tmp_path / "tor"
    path.write_text(f"#!/bin/sh\ntouch {ran}\n")
    path.chmod({"file": 0o777, "sticky file": 0o1777}.get(which, 0o755))
    tmp_path.chmod(0o777 if which == "directory" else 0o755)
    if which == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, 65534, 65534)
    with pytest.raises(RefusedError, match="other users"):
        find_tor(path)
    assert not ran.exists()
