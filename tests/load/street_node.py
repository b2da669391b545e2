"""`python -m tests.load.street_node DIRECTORY NAME`: the node's process, on a street.

Everything is as the supervisor starts it, the work that a passphrase costs included; but what
it takes for tor is a street whose signposts are in DIRECTORY. It says what a node says to its
supervisor, one JSON object a line, on stdout. `StreetNode` starts it, and reads the kernel's
books on it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Never

from onionchat import service
from onionchat.errors import UnreachableError
from onionchat.hardening import die_with_parent
from onionchat.node import talk
from onionchat.node.options import UpOptions
from onionchat.node.profile import create_profile
from onionchat.node.start import Start
from onionchat.paths import Paths, locate
from onionchat.rpc.client import Client
from onionchat.store.lock import Lock
from onionchat.tor.attach import Attachment
from tests.child import Child
from tests.node.street import Lane, Street
from tests.rpc.neighbour import Signposts

PASSPHRASE = b"correct horse"
LOOK = 0.01
STARTS = 5
AT_ONCE = "--at-once"
"""A word for a node that gives its answers without a delay."""
TICKS = os.sysconf("SC_CLK_TCK")


def place(directory: Path, name: str) -> Paths:
    return locate(directory, name, {})


class StreetNode:
    """Starts it and ends it. `address` is known before that."""

    def __init__(self, directory: Path, name: str, *words: str) -> None:
        self.name = name
        self.paths = place(directory, name)
        self.address = create_profile(self.paths, PASSPHRASE)
        node = (sys.executable, "-m", "tests.load.street_node", str(directory), name)
        self._words = (*node, *words)

    def start(self) -> float:
        """Seconds until it runs and says so: before that it has nobody to talk to."""
        begin = time.monotonic()
        self.process = Child(self._words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        while json.loads(self.process.stdout.readline())["event"] != "unlocked":
            pass
        while not self._runs():
            time.sleep(LOOK)
        return time.monotonic() - begin

    def _runs(self) -> bool:
        try:
            with self.client() as client:
                client.call("status")
        except UnreachableError:
            return False
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def client(self) -> Client:
        return Client.connect(self.paths.rpc_socket)

    def __enter__(self) -> "StreetNode":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def best_start(node: StreetNode) -> float:
    """Of a few: what else this machine does makes a start slower, never faster. It runs then."""
    times = []
    for _ in range(STARTS - 1):
        times.append(node.start())
        node.stop()
    return min([*times, node.start()])


def cpu(pid: int) -> float:
    """Seconds of a core that this process has used, its ended children not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> float:
    """MiB of memory that this process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("the kernel does not say how much memory the process has")


class _Tor(Lane):
    """What the process takes for tor."""

    async def run(self) -> Never:
        await asyncio.Event().wait()
        raise AssertionError


def _main(directory: Path, name: str, *words: str) -> int:
    if AT_ONCE in words:
        vars(talk)["RECEIPT_DELAY_SECONDS"] = (0.0, 0.0)
    street = Street()
    street.served = Signposts(directory / "street")

    def tor(_: Attachment) -> _Tor:
        return _Tor(street)

    vars(service)["TorClient"] = tor
    vars(service)["seal"] = lambda *_, **__: ()  # the street is outside the profile
    paths = place(directory, name)
    lock = Lock.acquire(paths.lock)
    start = Start.make(UpOptions(paths))
    start.keep(PASSPHRASE)
    return service.main(start.descriptor, 1, lock.descriptor)


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    sys.exit(_main(Path(sys.argv[1]), *sys.argv[2:]))
