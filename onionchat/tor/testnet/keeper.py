"""Who keeps a private network: this process until it is stopped, or a detached one.

The keeper holds a lock in the network's directory, so that `stop` finds it by the kernel's
word and not by an old number, and knows when it is gone. All tors are the keeper's children
and die with it, SIGKILL included.
"""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

from onionchat.errors import OnionchatError, RefusedError, first_of, rebuild
from onionchat.tor.find import TorBinary
from onionchat.tor.testnet import network
from onionchat.tor.testnet.network import Info

OnReady = Callable[[Info], None]


def run_foreground(directory: Path, binary: TorBinary, on_ready: OnReady) -> None:
    """Until SIGTERM or Ctrl-C. UnreachableError; RefusedError if there is one already."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _held(directory / "lock"):
        asyncio.run(_until_signal(directory, binary, on_ready))


def start_detached(directory: Path, binary: TorBinary) -> Info:
    """Start a keeper that outlives us; returns when the network is ready."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    read, write = os.pipe()
    with os.fdopen(read) as answers:
        subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "onionchat.tor.testnet",
                directory,
                binary.path,
                str(write),
            ],
            pass_fds=[write],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )
        os.close(write)
        answer = json.loads(answers.readline() or "{}")
    if "ready" not in answer:
        name, message = answer.get("error", "internal"), answer.get("message", "it ended")
        raise rebuild(name, message, answer.get("hint", ""))
    return Info(directory, Path(answer["ready"]))


def keep(directory: Path, binary: TorBinary, answers: int) -> None:
    """The detached keeper's own process: says on `answers` when it is ready, or why not."""

    def say(**answer: str) -> None:
        with suppress(BrokenPipeError):
            os.write(answers, json.dumps(answer).encode() + b"\n")

    try:
        run_foreground(directory, binary, lambda info: say(ready=str(info.client_torrc)))
    except OnionchatError as error:
        say(error=error.name, message=error.message, hint=error.hint)


def stop(directory: Path) -> bool:
    """End the network in this directory and wait until it is gone; False if none runs."""
    try:
        lock = (directory / "lock").open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with suppress(ProcessLookupError):
                os.kill(int(lock.read()), signal.SIGTERM)
            fcntl.flock(lock, fcntl.LOCK_SH)
            return True
    return False


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"a private network runs in {path.parent} already",
                f"stop it with `onionchat testnet down --dir {quote(str(path.parent))}`, or choose "
                "another --dir",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


async def _until_signal(directory: Path, binary: TorBinary, on_ready: OnReady) -> None:
    loop = asyncio.get_running_loop()
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, this.cancel)
    try:
        await network.run(directory, binary, on_ready)
    except asyncio.CancelledError:
        return
    except BaseExceptionGroup as failed:
        raise first_of(failed) from None
