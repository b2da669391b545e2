"""`python -m tests.crash.victim`: has everything imported, and forks a victim when told to.

A victim starts in milliseconds that way, and 10,000 of them are affordable; one that is to
start `from_nothing` is a new interpreter all the same, and its passphrase costs what a
passphrase costs. What is said goes to SAYS, one JSON object a line: what the real process
reports to its supervisor, {"marker": its threads} where it waits to be traced and told to go
on, and {"ended": code}. The process that forks has one thread and no event loop.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Never

import pytest

from onionchat import hardening, service
from onionchat.cli import backup, passphrase, profile
from onionchat.cli import main as command_line
from onionchat.errors import UserError
from onionchat.hardening import die_with_parent
from onionchat.node.options import UpOptions
from onionchat.node.start import Start
from onionchat.node.talk import Talk
from onionchat.store import database
from onionchat.store.lock import Lock
from onionchat.tor.attach import Attachment
from onionchat.tor.listener import OnLink
from onionchat.tor.onions import Onion
from tests.crash.autopsy import known_to_others
from tests.crash.profiles import VICTIM, cheaply, place, promptly
from tests.crash.weaknesses import WEAKNESSES
from tests.node.street import Lane, Street
from tests.rpc.neighbour import Signposts

IMPORTED = (backup, passphrase, profile)
"""A command imports what it needs when it is called."""
GO = b"go on\n"
ANEW = (sys.executable, "-m", "tests.crash.victim")
SAYS = 20
"""The descriptor of what is said; a command has stdout for itself."""


def say(**fields: Any) -> None:
    os.write(SAYS, json.dumps(fields).encode() + b"\n")


def marker() -> None:
    """Wait here until told to go on."""
    threads = {thread.name: thread.native_id for thread in threading.enumerate()}
    say(marker={"main": os.getpid(), "store": threads.get("store_0")})
    os.read(0, len(GO))


class Tor(Lane):
    """What the process takes for tor: the street of the trial's directory."""

    def __init__(self, directory: Path, *, stop: bool) -> None:
        street = Street()
        street.served = Signposts(directory / "street")
        super().__init__(street)
        self._stop = stop

    async def run(self) -> Never:
        await asyncio.Event().wait()
        raise AssertionError

    async def serve(
        self, onion: Onion, on_link: OnLink, limit: int, closing: asyncio.Event | None = None
    ) -> None:
        """The profile is unlocked and loaded, and nobody has come yet."""
        if self._stop and not onion.clients:
            marker()
        await super().serve(onion, on_link, limit, closing)


def node(
    directory: Path,
    *,
    phrase: str,
    stop_at: str | None = None,
    tells: bool = False,
    settings: dict[str, int] | None = None,
    weak: str | None = None,
) -> int:
    """The node's process as the supervisor starts it, until SIGTERM.

    `stop_at`: "opening" (its database) or "serving". `tells`: what others may know from now
    on, before they do. `settings`: other PRAGMAs. `weak`: with this weakness.
    """

    def tor(_: Attachment) -> Tor:
        return Tor(directory, stop=stop_at == "serving")

    patch = _traceable(stop_at)
    patch.setattr(service, "TorClient", tor)
    for name, value in (settings or {}).items():
        patch.setitem(database.SETTINGS, name, value)
    if weak:
        WEAKNESSES[weak](patch)
    if tells:
        _tell_before_it_leaves(patch)
    paths = place(directory, VICTIM)
    lock = Lock.acquire(paths.lock)
    start = Start.make(UpOptions(paths))
    start.keep(phrase.encode())
    return service.main(start.descriptor, SAYS, lock.descriptor)


def command(
    directory: Path, *, words: list[str], phrases: list[str], stop_at: str | None = None
) -> int:
    """A command on the command line, with what it reads from a descriptor: {fd} in `words`.

    `stop_at`: "birth" or "opening". What it prints is in the trial's directory.
    """
    _traceable(stop_at)
    given = os.memfd_create("phrases")
    os.write(given, "\n".join(phrases).encode())
    os.lseek(given, 0, os.SEEK_SET)
    printed = os.open(directory / "printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.chdir(directory)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    if stop_at == "birth":
        marker()
    try:
        options = ("--data-dir", str(directory), "--profile", VICTIM, "--passphrase-fd", str(given))
        return command_line.run([*options, *(word.format(fd=given) for word in words)])
    finally:
        sys.stdout.flush()


def _traceable(stop_at: str | None) -> pytest.MonkeyPatch:
    """Hardened it could not be traced, confined it would not find the street."""
    patch = pytest.MonkeyPatch()
    for module in (hardening, service):
        patch.setattr(module, "harden", lambda: None)
    patch.setattr(service, "seal", lambda *_, **__: ())
    if stop_at == "opening":
        opens = database._open

        def opening(*words: Any) -> Any:  # on the thread of the store, once
            patch.setattr(database, "_open", opens)
            marker()
            return opens(*words)

        patch.setattr(database, "_open", opening)
    return patch


def _tell_before_it_leaves(patch: pytest.MonkeyPatch) -> None:
    writes = Talk._write

    async def writing(talk: Talk, wires: Sequence[bytes]) -> None:
        say(leaves=await talk._profile.db.run(known_to_others))
        await writes(talk, wires)

    patch.setattr(Talk, "_write", writing)


PROGRAMS: dict[str, Callable[..., int]] = {"node": node, "command": command}


def live(order: dict[str, Any]) -> int:
    """The victim's process; its exit code."""
    promptly(pytest.MonkeyPatch())
    if not order["from_nothing"]:
        cheaply(pytest.MonkeyPatch())
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
            say(pid=os.getpid())
            if order["from_nothing"]:
                os.execv(sys.executable, [*ANEW, line.decode()])  # noqa: S606 - that is the point
            os._exit(live(order))
        say(ended=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    os.dup2(1, SAYS)
    if len(sys.argv) > 1:
        os._exit(live(json.loads(sys.argv[1])))
    main()
