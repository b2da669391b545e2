"""Where the files are: what others can get at, what is in the way, impossible paths."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.child import Child
from tests.cli.machine import BOB, NOWHERE, PASSPHRASE, Machine

ROOT = os.geteuid() == 0


@pytest.mark.parametrize(
    ("command", "name", "mode"),
    [
        ("id", "", 0o755),
        ("up", "", 0o770),
        ("id", "keyslot", 0o644),
        ("id", "store.db", 0o666),
        ("up", "tor", 0o777),
    ],
)
def test_what_others_can_get_at_is_refused_with_what_to_run(
    machine: Machine, command: str, name: str, mode: int
) -> None:
    path = machine.profile / name
    path.chmod(mode)
    done = machine.unlocked(command, *(NOWHERE if command == "up" else ()))
    done.refused(8, f"others can get at {path} (mode {mode:o})")
    assert f"`chmod -R go= {machine.profile}`" in done.err
    os.system(done.err.partition("run `")[2].partition("`")[0])  # noqa: S605 - as the person does
    assert machine.unlocked("id").code == 0


def test_the_hint_can_be_pasted_whatever_the_path(machine: Machine) -> None:
    machine.home.joinpath("my data").mkdir()
    place = machine.home / "my data" / "default"
    machine.profile.rename(place)
    place.chmod(0o755)
    done = machine.unlocked("-d", "my data", "id").refused(8)
    assert f"`chmod -R go= '{place}'`" in done.err


@pytest.mark.skipif(not ROOT, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["", "keyslot", "store.db", "lock"])
def test_what_belongs_to_somebody_else_is_refused(machine: Machine, name: str) -> None:
    os.chown(machine.profile / name, 1234, -1)
    machine.unlocked("id").refused(8, "belongs to another user (uid 1234)")


@pytest.mark.skipif(not ROOT, reason="only root can give a file away")
def test_a_runtime_directory_of_somebody_else(machine: Machine, tmp_path: Path) -> None:
    theirs = tmp_path / "onionchat" / "default"
    theirs.mkdir(parents=True, mode=0o700)
    os.chown(theirs, 1234, -1)
    run = {"XDG_RUNTIME_DIR": str(tmp_path)}
    machine.unlocked("up", *NOWHERE, environ=run).refused(8, "another user (uid 1234)")


def directory(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir(0o700)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def noise(path: Path) -> None:
    path.write_bytes(b"\xff" * 4096)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "harm", "code"),
    [
        ("keyslot", directory, 8),
        ("keyslot", fifo, 8),
        ("keyslot", loop, 7),
        ("keyslot", nothing, 9),
        ("keyslot", noise, 9),
        ("store.db", directory, 9),
        ("store.db", fifo, 9),
        ("store.db", nothing, 9),
        ("store.db", noise, 9),
        ("generation", directory, 8),
        ("generation", fifo, 8),
        ("generation", loop, 8),
        ("generation", nothing, 9),
        ("lock", directory, 8),
        ("lock", loop, 8),
    ],
)
def test_something_else_than_the_file_is_there(
    machine: Machine, name: str, harm: Callable[[Path], None], code: int
) -> None:
    harm(machine.profile / name)
    machine.unlocked("id").refused(code)
    if harm is directory:  # then it is the node's process that finds it
        machine.unlocked("up", *NOWHERE, "--timeout", "30").refused(code)


@pytest.mark.parametrize("name", [".local", ".local/share/onionchat/default", "default/tor"])
def test_a_file_where_a_directory_should_be(empty: Machine, name: str) -> None:
    blocked = empty.profile / "tor" if name == "default/tor" else empty.home / name
    blocked.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    blocked.write_text("what was there")
    empty.unlocked("init").refused(8, "cannot be used")
    assert blocked.read_text() == "what was there"
    for command in ("id", "status", "down", "up"):
        empty.unlocked(command).refused(7, "onionchat init")


def test_a_profile_behind_a_link_is_a_profile(machine: Machine) -> None:
    machine.profile.rename(machine.home / "disk")
    machine.profile.symlink_to(machine.home / "disk")
    assert machine.unlocked("id").code == 0


@pytest.mark.parametrize("place", ["/dev/null", "/proc", "/sys"])
def test_a_place_where_nothing_can_be_made(empty: Machine, place: str) -> None:
    empty.unlocked("-d", place, "init").refused(8, place)
    empty.unlocked("-d", place, "id").refused(7)


@pytest.mark.parametrize("name", ["two words", "a\nb", "#'q\"", "~%s*\\", os.fsdecode(b"\xff\xfe")])
def test_a_data_directory_of_any_name(machine: Machine, name: str) -> None:
    machine.profile.parent.rename(machine.home / name)
    assert machine.unlocked("-d", name, "id").code == 0
    machine.unlocked("-d", name, "up", *NOWHERE, "--timeout", "0").refused(3)


def test_the_longest_path_that_a_socket_can_have(machine: Machine) -> None:
    """107 bytes are fine, for the node too; 108 are not."""
    rest = len("/default/run/identity.sock")
    longest = machine.home / ("x" * (107 - rest - len(str(machine.home)) - 1))
    machine.profile.parent.rename(longest)
    machine.unlocked("-d", str(longest), "up", *NOWHERE, "--timeout", "0").refused(3)
    machine.unlocked("-d", f"{longest}x", "up", *NOWHERE).refused(2, "107", "--data-dir")


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("HOME", "", 2),
        ("HOME", "here", 2),
        ("HOME", "/dev/null", 8),
        ("XDG_DATA_HOME", "/dev/null", 8),
        ("XDG_RUNTIME_DIR", "/dev/null", 8),
        ("XDG_RUNTIME_DIR", "/" + "x" * 90, 2),
        ("ONIONCHAT_DATA_DIR", "/" + "x" * 5000, 2),
    ],
)
def test_directories_of_the_environment(
    empty: Machine, variable: str, value: str, code: int
) -> None:
    empty.unlocked("init", environ={variable: value}).refused(code)


@pytest.mark.parametrize("value", ["", "relative"])
def test_a_relative_runtime_directory_is_ignored(machine: Machine, value: str) -> None:
    environ = {"XDG_RUNTIME_DIR": value, "XDG_DATA_HOME": value}
    machine.unlocked("up", *NOWHERE, "--timeout", "0", environ=environ).refused(3)
    assert not (machine.home / "relative").exists()


def test_a_runtime_directory_that_is_not_there_is_made(machine: Machine, tmp_path: Path) -> None:
    run = tmp_path / "not" / "there"
    environ = {"XDG_RUNTIME_DIR": str(run)}
    machine.unlocked("up", *NOWHERE, "--timeout", "0", environ=environ).refused(3)
    assert run.stat().st_mode & 0o777 == 0o700


def test_an_empty_data_directory_is_no_directory(empty: Machine) -> None:
    """As a script's `--data-dir "$DIR"` with a slip in the name."""
    empty.unlocked("--data-dir", "", "init").refused(2, "empty")


def test_a_profile_that_vanishes_under_its_node(machine: Machine) -> None:
    with machine.node() as up:
        machine("contact", "add", "bob", BOB)
        shutil.rmtree(machine.profile)
        for words in (["status"], ["send", "bob", "hi"], ["down"]):
            machine(*words).refused(7, "onionchat init")
        up.terminate()
        assert up.wait(20) == 0


def test_a_profile_that_moves_under_its_node(machine: Machine) -> None:
    with machine.node() as up:
        machine.profile.rename(machine.home / "moved")
        machine("status").refused(7)
        there = ("-d", str(machine.home), "-p", "moved")
        assert machine(*there, "status").code == 0
        assert machine(*there, "down").out == "stopped\n"
        assert up.wait(20) == 0


def test_no_code_is_taken_from_where_one_stands(machine: Machine) -> None:
    """A download that is called like a module of ours; started as a person starts it."""
    (machine.home / "msgspec.py").write_text("open('taken', 'w')\nraise SystemExit('caught')\n")
    up = "--passphrase-fd", "0", "up", "--no-dial", *NOWHERE
    with Child(
        [Path(sys.executable).with_name("onionchat"), *up],
        cwd=machine.home,
        env=machine.environ,
        stdin=subprocess.PIPE,
        text=True,
    ) as node:
        assert node.stdin is not None
        node.stdin.write(f"{PASSPHRASE}\n")
        node.stdin.close()
        while machine("status").code:
            assert node.poll() is None
        node.terminate()
    assert not (machine.home / "taken").exists()
