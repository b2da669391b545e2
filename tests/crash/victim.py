"""`python -m tests.crash.victim`: has everything imported, and forks a victim when told to.

A victim starts in milliseconds that way, and 10,000 of them are affordable. What is said
goes to stdout, one JSON object a line: what the real process reports to its supervisor,
{"marker": its threads} where it waits to be traced and told to go on, and {"ended": code}.
The process that forks has one thread and no event loop.
"""

import asyncio
import json
import os
import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never

import pytest

from onionchat import service
from onionchat.errors import UserError
from onionchat.hardening import die_with_parent
from onionchat.node.options import UpOptions, encode_start
from onionchat.store.lock import Lock
from onionchat.tor.attach import Attachment
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from tests.crash.profiles import PASSPHRASE, VICTIM, cheaply, place
from tests.node.patience import hurry
from tests.node.street import Lane, Street
from tests.rpc.neighbour import Signposts

GO = b"go on\n"


def say(**fields: Any) -> None:
    os.write(1, json.dumps(fields).encode() + b"\n")


def marker() -> None:
    """Wait here until told to go on."""
    threads = {thread.name: thread.native_id for thread in threading.enumerate()}
    say(marker={"main": os.getpid(), "store": threads.get("store_0")})
    os.read(0, len(GO))


class Tor(Lane):
    """What the process takes for tor: the street of the trial's directory."""

    def __init__(self, directory: Path, *, stop_here: bool) -> None:
        street = Street()
        street.served = Signposts(directory / "street")
        super().__init__(street)
        self._stop_here = stop_here

    async def run(self) -> Never:
        await asyncio.Event().wait()
        raise AssertionError

    async def serve(self, onion: Onion, on_link: OnLink, limit: int) -> Never:
        """The profile is unlocked and loaded, and nobody has come yet."""
        if self._stop_here:
            marker()
        await super().serve(onion, on_link, limit)


def node(directory: Path, *, stop_here: bool = False) -> int:
    """The node's process as the supervisor starts it, until SIGTERM."""

    def tor(_: Attachment) -> Tor:
        return Tor(directory, stop_here=stop_here)

    patch = pytest.MonkeyPatch()
    patch.setattr(service, "TorClient", tor)
    patch.setattr(service, "harden", lambda: None)  # it could not be traced
    paths = place(directory, VICTIM)
    lock = Lock.acquire(paths.lock)
    start = os.memfd_create("start")
    os.write(start, encode_start(UpOptions(paths), PASSPHRASE))
    return service.main(start, 1, lock.descriptor)


PROGRAMS: dict[str, Callable[..., int]] = {"node": node}


def live(order: dict[str, Any]) -> int:
    """The forked process; its exit code."""
    try:
        return PROGRAMS[order["program"]](Path(order["directory"]), **order["options"])
    except UserError as error:
        say(event="error", error=error.name, message=error.message, hint=error.hint)
        return error.exit_code
    except BaseException as bug:
        say(event="error", error="internal", message="".join(traceback.format_exception(bug)))
        return 1


def main() -> None:
    orders = open(0, "rb", buffering=0)  # noqa: SIM115 - unbuffered: the child reads on
    while line := orders.readline():
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            die_with_parent(signal.SIGKILL, os.getppid())
            os._exit(live(order))
        say(pid=pid)
        say(ended=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    hurry(pytest.MonkeyPatch())
    cheaply(pytest.MonkeyPatch())
    main()
