"""What a hardened process gives away to others on the same machine: asked from outside."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.child import Child

SECRET = "correct horse battery staple"

PROGRAM = f"""
import ctypes, os, sys
from onionchat.hardening import harden
if os.getuid() == 0:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1)  # as a program that this user has started
harden()
secret = {SECRET!r}
open("made", "w").close()
print("ready", flush=True)
sys.stdin.readline()
raise ValueError(secret)
"""

WAYS = f"""
import asyncio, logging, threading
from onionchat.hardening import harden
harden()
secret = {SECRET!r}
def fail(): raise ValueError(secret)
async def task(): fail()
async def dropped():
    asyncio.create_task(task())
    await asyncio.sleep(0)
class Doomed:
    def __del__(self): fail()
"""


@pytest.fixture
def hardened(tmp_path: Path) -> Child[str]:
    """It is nobody's who is root: of root's processes the kernel tells the same in any case."""
    tmp_path.chmod(0o777)
    process = Child(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        umask=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_what_it_makes_is_its_owners_alone(hardened: Child[str], tmp_path: Path) -> None:
    with hardened:
        assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
        hardened.kill()


def test_it_leaves_no_core(hardened: Child[str]) -> None:
    with hardened:
        limits = Path(f"/proc/{hardened.pid}/limits").read_text()
        (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core.split()[4:6] == ["0", "0"]
        hardened.kill()


def test_its_memory_is_nobody_elses(hardened: Child[str]) -> None:
    """The kernel gives what is not dumpable to root: another program of the same user may
    neither read nor trace it."""
    with hardened:
        assert Path(f"/proc/{hardened.pid}/mem").stat().st_uid == 0
        if os.getuid():
            with pytest.raises(PermissionError):
                Path(f"/proc/{hardened.pid}/environ").read_bytes()
        hardened.kill()


def test_its_last_word_says_where_and_not_what(hardened: Child[str]) -> None:
    with hardened:
        _, said = hardened.communicate("go\n")
    assert "ValueError" in said
    assert "<module>" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("threading.Thread(target=fail).start()", "ValueError"),
        ("asyncio.run(dropped())", "ValueError"),
        ("Doomed()", "ValueError"),
        ("logging.getLogger('stem').error('about %s', secret)", "error of stem in <module>"),
        ("logging.getLogger('stem').exception(secret, exc_info=ValueError(secret))", "ValueError"),
    ],
)
def test_no_way_tells_what_an_exception_says(way: str, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WAYS + way], capture_output=True, text=True, check=True
    )
    assert kind in done.stderr
    assert SECRET not in done.stderr
