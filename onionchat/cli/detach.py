"""`up --detach`: the node goes on by itself, and the command returns when it is reachable.

The child leads a session of its own, holds no terminal and keeps no directory busy. What it
has to say comes through a pipe, one JSON object a line, until it is ready or has failed;
afterwards nobody reads it, and it goes on. A child that ends without a word is a bug and is
said to be one.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Never

from onionchat.errors import LocalError, OnionchatError, UnreachableError, rebuild

Report = Callable[[dict[str, Any]], None]


def detached(work: Callable[[Report], None], report: Report) -> None:
    """Run `work` in a process of its own; return when it has reported ready.

    `report` gets each of its reports here. An OnionchatError of the work is raised here.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _become_the_work(work, write)
    os.close(write)
    try:
        with os.fdopen(read, encoding="utf-8") as lines:
            _listen(lines, report)
    except BaseException:  # Ctrl-C too: what was started does not stay behind
        _stop(child)
        raise


def _listen(lines: Iterable[str], report: Report) -> None:
    for line in lines:
        said = json.loads(line)
        if said["event"] == "error":
            raise rebuild(said["error"], said["message"], said["hint"])
        report(said)
        if said["event"] == "ready":
            return
    raise LocalError("the node ended without a word", "run it without --detach to see why")


def _stop(child: int) -> None:
    """SIGTERM, and wait: the supervisor ends all it has started, within five seconds."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)


def _become_the_work(work: Callable[[Report], None], descriptor: int) -> Never:
    """In the child, for good. `os._exit`: what the parent has open is not ours to flush."""
    code = 1
    try:
        os.setsid()
        os.chdir("/")  # a file system could not be unmounted; all our paths are full ones
        _let_go_of_the_terminal()
        code = _to_its_end(work, _Pipe(descriptor))
    finally:
        os._exit(code)


def _to_its_end(work: Callable[[Report], None], say: Report) -> int:
    """Why it ended; whoever waits for it to be ready did not want any of that."""
    try:
        with suppress(KeyboardInterrupt):
            work(say)
        raise UnreachableError("the node was stopped while it started", "start it again")
    except OnionchatError as error:
        fields = {"error": error.name, "message": error.message, "hint": error.hint}
        say({"event": "error", **fields})
        return error.exit_code


def _let_go_of_the_terminal() -> None:
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


class _Pipe:
    """Reports to the parent while it listens, that is until it has heard `ready`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, said: dict[str, Any]) -> None:
        try:
            os.write(self._descriptor, json.dumps(said).encode() + b"\n")
        except BrokenPipeError:
            return
