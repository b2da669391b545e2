"""A machine without room: files, memory, a disk that is full or only for reading, a wrong clock."""

import ctypes
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onionchat.crypto.vault import Cost
from tests.child import Child
from tests.cli.machine import BOB, NOWHERE, PASSPHRASE, Machine, finished

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def limited(kind: int, amount: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (amount, amount))


def obeying() -> None:
    """Root, too, may only do what a file's mode allows."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a mebibyte: twice what a new profile takes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(place)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all room that is left."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError


def test_init_on_a_full_disk_leaves_no_profile_and_works_later(
    machine: Machine, disk: Path
) -> None:
    filler = fill(disk)
    there = ("-d", str(disk), "-p", "new")
    machine.unlocked(*there, "init").refused(8)
    machine.unlocked(*there, "id").refused(7)
    filler.unlink()
    assert machine.unlocked(*there, "init").code == 0


def test_a_disk_that_fills_under_a_node_loses_nothing(machine: Machine, disk: Path) -> None:
    machine.profile.rename(machine.home / "before")
    machine.profile.parent.rmdir()
    machine.profile.parent.symlink_to(disk)
    subprocess.run(["cp", "-r", str(machine.home / "before"), str(machine.profile)], check=True)
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        assert machine("send", "bob", "before").code == 0
        filler = fill(disk)
        for _ in range(200):  # the database may have room of its own
            done = machine("send", "bob", stdin="x" * 16_000)
            if done.code:
                break
        done.refused(8, "the disk is full")
        assert machine("status").code == 0
        assert machine("receive").code == 0
        filler.unlink()
        assert machine("send", "bob", "after").code == 0
        texts = [
            json.loads(row)["text"] for row in machine("history", "bob", "--json").out.splitlines()
        ]
        assert (texts[0], texts[-1]) == ("before", "after")


def test_a_file_that_may_not_grow(machine: Machine) -> None:
    small = limited(resource.RLIMIT_FSIZE, 2048)
    machine.unlocked("-p", "new", "init", preexec_fn=small).refused(8)
    assert machine.unlocked("id").code == 0
    assert not (machine.profile.parent / "new" / "keyslot").exists()


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_directory_that_cannot_be_written_or_read(machine: Machine, mode: int) -> None:
    machine.profile.chmod(mode)
    done = machine.unlocked("id", preexec_fn=obeying)
    machine.profile.chmod(0o700)
    done.refused(8)
    assert machine.unlocked("id", preexec_fn=obeying).code == 0


def test_a_home_that_cannot_be_written(empty: Machine) -> None:
    empty.home.chmod(0o500)
    done = empty.unlocked("init", preexec_fn=obeying)
    empty.home.chmod(0o700)
    done.refused(8, str(empty.home), "Permission denied")


@pytest.mark.parametrize("files", [8, 10, 12])
@pytest.mark.parametrize("command", [["id"], ["up", *NOWHERE, "--timeout", "0.5"]], ids=str)
def test_few_open_files(machine: Machine, files: int, command: list[str]) -> None:
    done = machine.unlocked(*command, preexec_fn=limited(resource.RLIMIT_NOFILE, files))
    if done.code not in (0, 3):
        done.refused(8)
    assert machine.unlocked("id").code == 0


def test_sixteen_open_files_are_enough_to_start(machine: Machine) -> None:
    sixteen = limited(resource.RLIMIT_NOFILE, 16)
    assert machine.unlocked("id", preexec_fn=sixteen).code == 0
    machine.unlocked("up", *NOWHERE, "--timeout", "0.5", preexec_fn=sixteen).refused(3)


def test_too_little_memory_for_a_passphrase(machine: Machine) -> None:
    assert Cost.DEFAULT.memory == 256 * 1024
    little = limited(resource.RLIMIT_AS, 200 << 20)
    machine.unlocked("-p", "new", "init", preexec_fn=little).refused(8, "memory")


def test_a_node_that_is_killed_before_it_is_open(machine: Machine, tmp_path: Path) -> None:
    """As by a kernel without memory; started again it would end the same way."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'onionchat.service' in sys.orig_argv: os.kill(os.getpid(), 9)"
    )
    environ = {"PYTHONPATH": str(tmp_path)}
    machine.unlocked("up", *NOWHERE, environ=environ).refused(8, "killed while it started")


CLOCK = """
import time
real, wrong = time.time_ns, ({year} - 1970) * 31556952
time.time_ns = lambda: real() % 1_000_000 + wrong * 1_000_000_000
time.time = lambda: time.time_ns() / 1e9
"""


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_clock_that_is_wrong(machine: Machine, tmp_path: Path, year: int) -> None:
    (tmp_path / "sitecustomize.py").write_text(CLOCK.format(year=year))
    machine.environ["PYTHONPATH"] = str(tmp_path)
    with machine.node():
        assert machine("contact", "add", "bob", BOB).clean().code == 0
        assert machine("send", "bob", "when?").clean().code == 0
        (row,) = machine("history", "bob", "--json").clean().out.splitlines()
        assert abs(int(json.loads(row)["sent_at"][:4]) - year) <= 1
        machine("receive", "--timeout", "0.1").refused(5)
        assert machine("history", "bob").clean().code == 0


def test_several_at_once_make_one_profile(empty: Machine) -> None:
    made = [finished(process).clean() for process in together(empty, "-q", "init")]
    assert sorted(done.code for done in made) == [0, 8, 8]
    assert stat.S_IMODE(empty.profile.stat().st_mode) == 0o700


def test_several_at_once_start_one_node(machine: Machine) -> None:
    nodes = together(machine, "up", *NOWHERE)
    while len(running := [node for node in nodes if node.poll() is None]) > 1:
        machine("status")
    assert machine("down").out == "stopped\n"
    assert sorted(finished(node).clean().code for node in nodes) == [0, 8, 8]
    assert running[0].returncode == 0


def together(machine: Machine, *words: str) -> list[Child[bytes]]:
    processes = [machine.start("--passphrase-fd", "0", *words) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{PASSPHRASE}\n".encode())
        process.stdin.flush()
    return processes


def test_commands_while_a_node_stops(machine: Machine) -> None:
    with machine.node() as up:
        stopping = [machine.start("down") for _ in range(2)]
        following = machine.start("receive", "--follow")
        asked = machine("status").clean()
        assert [finished(process).clean().code for process in stopping] == [0, 0]
        assert finished(following).clean().code == 3
        assert asked.code in (0, 3)
        assert finished(up).clean().code == 0
    assert machine("down").out == "no node was running\n"


def test_down_of_a_node_that_hangs(machine: Machine) -> None:
    with machine.node() as up:
        nodes = Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split()
        for node in nodes:
            os.kill(int(node), signal.SIGSTOP)
        assert machine("down").out == "stopped\n"
        assert finished(up).code == 0


def test_a_child_whose_parent_went_before_it_could_ask_ends() -> None:
    """Or a node without its supervisor would hold the profile's lock for ever."""
    code = "from onionchat.hardening import die_with_parent; die_with_parent(9, 1 << 30)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
