"""Resident memory of an idle node, without its tor and its supervisor.

Beside the bar, and beside a Python that has only imported what a node cannot do without:
the difference is what is our own.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.figure import Figure
from tests.live.person import Person

BAR, GOAL = 80.0, 50.0
"""MiB."""
LIBRARIES = (
    "import asyncio, msgspec, peewee, stem.control;"
    "from sqlcipher3 import dbapi2;"
    "from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, x25519;"
    "from cryptography.hazmat.primitives.ciphers import aead;"
)


def figures(person: Person) -> list[Figure]:
    assert person.up is not None
    (node,) = [pid for pid in _children(person.up.pid) if "onionchat.service" in _words(pid)]
    ours, peer = _resident(node), _libraries()
    unit = "MiB"
    return [
        Figure(
            "memory of an idle node: the bar", ours, BAR, unit, ours / BAR, False, 1, GOAL / BAR
        ),
        Figure(
            "memory of an idle node: Python and libraries", ours, peer, unit, ours / peer, False
        ),
    ]


def _libraries() -> float:
    """A process that has imported them, and waits."""
    command = (sys.executable, "-c", LIBRARIES + "print(flush=True); input()")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the libraries could not be imported"
            return _resident(process.pid)
        finally:
            process.kill()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("the kernel does not say how much memory the process has")
