"""`up --wait-unlock`: a node that was started without its passphrase, and how it gets it.

A service manager starts programs when nobody is there to type. The passphrase must not be
on the disk for that, nor in an argument or a variable. So `up` listens at a socket of the
user's own until `onionchat unlock` brings the passphrase there, and then goes on as ever.

    unlock                              up --wait-unlock
    passphrase, newline   ───────────>  starts the node with it
                          <───────────  {"event":"unlocked"}: the node answers from now on
                                        or {"event":"error", ...}: waits for the next

Until then the profile is not in use: no lock is held, no tor runs, and every command that
needs no node works with the passphrase. A connection that brings nothing is dropped.
"""

import json
import os
import select
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from onionchat.cli.detach import Report
from onionchat.cli.signals import interruptible
from onionchat.errors import OnionchatError, RefusedError, UnreachableError, rebuild
from onionchat.own_socket import listening, peer
from onionchat.rpc.client import connected
from onionchat.secret_line import SecretLine

BACKLOG = 4
BRING = 10.0
"""Seconds in which whoever connects must have sent the passphrase, typed before."""
CONNECT = 10.0

Keep = Callable[[memoryview], None]
"""Put a passphrase where the node reads it."""
Work = Callable[[Report], None]
"""Run the node until it ends; an OnionchatError before it said `unlocked` is for who unlocks."""


def until_unlocked(path: Path, keep: Keep, work: Work, report: Report) -> None:
    """Wait at `path`, and `work` when the passphrase was kept; Ctrl-C and SIGTERM end both."""
    if waits(path):
        raise RefusedError(
            "a node of this profile waits to be unlocked already", "unlock it: onionchat unlock"
        )
    with ExitStack() as door:
        listener = door.enter_context(listening(path, BACKLOG))
        report({"event": "locked"})
        with suppress(KeyboardInterrupt):  # nothing has begun, so nothing was interrupted
            while not _admit(listener, door.close, keep, work, report):
                pass


def _admit(
    listener: socket.socket, shut: Callable[[], None], keep: Keep, work: Work, report: Report
) -> bool:
    """Let one in; whether the node has run with what they brought."""
    sock, _ = listener.accept()
    with sock:
        return peer(sock).ours and _brought(sock, keep) and _try(sock, shut, work, report)


def _try(sock: socket.socket, shut: Callable[[], None], work: Work, report: Report) -> bool:
    unlocked = False
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def hear(said: dict[str, Any]) -> None:
        nonlocal unlocked
        if said["event"] == "unlocked" and not unlocked:
            unlocked = True
            shut()
            _say(sock, said)
        report(said)

    try:
        with interruptible():  # the supervisor handles the signals, and blocks them at its end
            work(hear)
    except OnionchatError as error:
        if unlocked:
            raise
        fields = {"error": error.name, "message": error.message, "hint": error.hint}
        _say(sock, {"event": "error", **fields})
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # one that came meanwhile comes now
        return False
    return True


def _brought(sock: socket.socket, keep: Keep) -> bool:
    """One line, to be kept; False from who sent none."""
    sock.settimeout(BRING)
    with suppress(OSError), SecretLine() as line:
        while line.grow(sock.recv_into(line.room)):
            pass
        return line.hand_to(keep)
    return False


def _say(sock: socket.socket, said: dict[str, Any]) -> None:
    """The last word to who unlocks, even if they have gone."""
    with suppress(OSError):
        sock.sendall(json.dumps(said).encode() + b"\n")
    sock.close()


def waits(path: Path) -> bool:
    """Whether somebody waits there for the passphrase."""
    try:
        connected(path, CONNECT).close()
    except UnreachableError:
        return False
    return True


def hand_over(path: Path, passphrase: bytes) -> None:
    """Bring the passphrase; returns when the node answers, raises what it failed with."""
    said = b""
    with connected(path, CONNECT) as sock, suppress(ConnectionError):
        sock.sendall(passphrase + b"\n")
        said = sock.makefile("rb").readline()
    if not said:
        raise UnreachableError("the node has gone", "look at what `onionchat up` has said")
    match json.loads(said):
        case {"event": "error", "error": name, "message": message, "hint": hint}:
            raise rebuild(name, message, hint)


def stop(path: Path, timeout: float) -> bool:
    """End the process that waits there; False if none does."""
    try:
        sock = connected(path, CONNECT)
    except UnreachableError:
        return False
    with sock:
        pid = peer(sock).pid
        watch = os.pidfd_open(pid)
        try:
            os.kill(pid, signal.SIGTERM)
            if not select.select([watch], [], [], timeout)[0]:
                raise UnreachableError(
                    f"process {pid} does not stop", f"end it with `kill -KILL {pid}`"
                )
        finally:
            os.close(watch)
    return True
