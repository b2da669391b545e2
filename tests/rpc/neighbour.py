"""A whole node in a process of its own, with its RPC server: to be killed.

`python -m tests.rpc.neighbour DIRECTORY NAME` is the process: a home on a street whose
signposts are symbolic links, so that processes find each other. It says its address when
it can be asked. It lives in DIRECTORY/NAME as a profile does, for `onionchat rpc`.
"""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from functools import partial
from pathlib import Path

import pytest

from onionchat.hardening import die_with_parent
from onionchat.node.verbs import VERBS
from onionchat.paths import Paths, locate
from onionchat.rpc.client import Client
from onionchat.rpc.server import Server
from onionchat.tor.address import UnixAddress
from tests.child import Child
from tests.node.patience import hurry
from tests.node.street import Home, Street


class Signposts(MutableMapping[str, UnixAddress]):
    """Where an onion is served, as links in a directory. A killed node's stays, and refuses."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(exist_ok=True)

    def __getitem__(self, onion: str) -> UnixAddress:
        try:
            return UnixAddress((self._directory / onion).readlink())
        except FileNotFoundError:
            raise KeyError(onion) from None

    def __setitem__(self, onion: str, address: UnixAddress) -> None:
        (self._directory / onion).unlink(missing_ok=True)
        (self._directory / onion).symlink_to(address.path)

    def __delitem__(self, onion: str) -> None:
        (self._directory / onion).unlink()

    def __iter__(self) -> Iterator[str]:
        return (post.name for post in self._directory.iterdir())

    def __len__(self) -> int:
        return len(list(iter(self)))


class Neighbour:
    """Starts that process and ends it."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.data_dir = directory / name
        self._words = [sys.executable, "-m", "tests.rpc.neighbour", str(directory), name]
        self.socket = _paths(self.data_dir).rpc_socket
        self.address = ""

    def start(self) -> None:
        self._process = Child(self._words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "Neighbour":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def client(self) -> Client:
        return Client.connect(self.socket)

    def environment(self) -> dict[str, str]:
        """For programs that call `onionchat`."""
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"PATH": programs, "ONIONCHAT_DATA_DIR": str(self.data_dir), "LANG": "C.UTF-8"}


def befriend(alice: Neighbour, bob: Neighbour) -> None:
    """Both are up; afterwards both have the other as a contact."""
    with alice.client() as at_alice, bob.client() as at_bob, bob.client() as bell:
        bell.call("subscribe", since=0)
        at_alice.call("contact.add", name=bob.name, address=bob.address)
        while (told := bell.notification())["method"] != "request.received":
            pass
        at_bob.call("request.accept", who=str(told["params"]["number"]), name=alice.name)


def _paths(data_dir: Path) -> Paths:
    return locate(data_dir, "default", {})


async def _live(directory: Path, name: str) -> None:
    street = Street()
    street.served = Signposts(directory / "street")
    paths = _paths(directory / name)
    paths.make()
    paths.keyslot.touch(0o600)
    home = Home(name, directory, street, seed=hashlib.sha256(name.encode()).digest())
    async with home.up(), asyncio.TaskGroup() as group:
        assert home.profile is not None
        group.create_task(Server(home.profile, paths.rpc_socket, VERBS).run())
        say = partial(print, home.address, flush=True)
        asyncio.get_running_loop().call_soon(say)  # behind the server's first step: it listens


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    hurry(pytest.MonkeyPatch())
    asyncio.run(_live(Path(sys.argv[1]), sys.argv[2]))
