"""Resident memory of an idle node, without its tor and its supervisor."""

from pathlib import Path

from benchmarks.figure import Figure
from tests.live.person import Person

BAR, GOAL = 80.0, 50.0
"""MiB."""


def figures(person: Person) -> list[Figure]:
    assert person.up is not None
    (node,) = [pid for pid in _children(person.up.pid) if "onionchat.service" in _words(pid)]
    ours = _resident(node)
    return [
        Figure(
            name="memory of an idle node: the bar",
            ours=ours,
            peer=BAR,
            ratio=ours / BAR,
            bar=1.0,
            goal=GOAL / BAR,
            higher_is_better=False,
            note="MiB resident",
        )
    ]


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("the kernel does not say how much memory the node has")
