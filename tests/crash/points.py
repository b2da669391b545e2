"""Every place of a scene where a victim can be struck: one is let live, and counted."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.crash import strace
from tests.crash.nursery import Nursery
from tests.crash.profiles import PEER, VICTIM, up
from tests.crash.scenes import SCENES, STUCK, Plot, Scene
from tests.crash.verdict import KILL, Point

CHANGES = (
    *("write", "writev", "pwrite64", "ftruncate", "fdatasync", "fsync", "openat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "chmod"),
    *("sendto", "sendmsg", "connect", "bind", "listen", "accept4", "shutdown"),
)
"""Calls after which a disk, or somebody else, can know more than before. A kill between two
of them leaves what the kill before the second one leaves, so these are all the places there
are."""
READS = ("pread64", "read", "socket")
ERRORS = {
    **dict.fromkeys(("pwrite64", "write"), ("ENOSPC", "EIO")),
    **dict.fromkeys(("fdatasync", "fsync"), ("ENOSPC", "EIO")),
    **dict.fromkeys(("ftruncate", "unlink", "chmod", "pread64"), ("EIO",)),
    **dict.fromkeys(("rename", "mkdir", "bind"), ("ENOSPC", "EIO")),
    "openat": ("EMFILE", "EIO"),
    "socket": ("EMFILE",),
    "accept4": ("EMFILE", "ECONNABORTED"),
    "sendto": ("ECONNRESET", "EPIPE"),
    "connect": ("ECONNREFUSED",),
}
"""How a call may fail that the program makes."""
LASTING = ("ENOSPC", "EIO", "EMFILE")
"""But for `write`: strace would make every pipe fail with it."""


async def points(nursery: Nursery, templates: Path, directory: Path, scene: str) -> list[Point]:
    """For each thread by itself: where it stops differs."""
    found: list[Point] = []
    plot = SCENES[scene]
    for thread in plot.stops:
        shutil.copytree(templates / plot.begins, directory, symlinks=True)
        await _record(nursery, directory, plot, thread)
        for call, nth, line in strace.calls(directory / "trace"):
            here = Point(scene, thread, call, nth)
            found += [replace(here, what=what, lasting=more) for what, more in _what(here, line)]
        shutil.rmtree(directory)
    return found


async def _record(nursery: Nursery, directory: Path, plot: Plot, thread: str) -> None:
    """What this thread does if nothing happens."""
    async with (
        up(directory, PEER) as peer,
        nursery.start(directory, **plot.victim(), stop_at=plot.stops[thread]) as victim,
        asyncio.timeout(STUCK),
    ):
        threads = await victim.marker()
        with strace.record(threads[thread], (*CHANGES, *READS), directory / "trace"):
            await Scene(directory, peer, victim).act_to_the_end(plot)


def _what(here: Point, line: str) -> Iterator[tuple[str, bool]]:
    """What can happen there, and may last."""
    if here.call in CHANGES:
        yield KILL, False
    fails = _on_our_file(line) if here.call == "write" else not _of_the_test(line)
    for error in ERRORS.get(here.call, ()) if fails else ():
        yield error, False
        if here.call != "write" and error in LASTING:
            yield error, True


def _on_our_file(line: str) -> bool:
    """Not a pipe or socket, which knows no such failure, and not what a command prints on."""
    return re.match(rf"write\(\d+</.*/({VICTIM}/[^/]*|\.onionchat-[^/]*)>", line) is not None


def _of_the_test(line: str) -> bool:
    """Or of one thread that wakes another: a byte that cannot be lost."""
    return "/street/" in line or "/memfd:" in line or re.search(r'", 1, 0', line) is not None
