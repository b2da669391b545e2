"""One of the two people of the demo, who uses nothing but the real command line."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import IO, Any

from onionchat.errors import LocalError, OnionchatError, rebuild
from onionchat.hardening import die_with_parent

STOP_TIMEOUT = 10
ANSWER_TIMEOUT = 120

Row = dict[str, Any]


class Process:
    """A command that goes on running. It dies with us, whatever happens to us."""

    def __init__(self, words: list[str], home: Path, passphrase: str | None = None) -> None:
        read = None if passphrase is None else _readable(passphrase)
        secret = [] if read is None else ["--passphrase-fd", str(read)]
        self._errors = home / "errors.log"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "onionchat", "--json", *secret, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=[] if read is None else [read],
                env=_environment(home),
                text=True,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGTERM, os.getpid()),  # noqa: PLW1509 - no threads
            )
        if read is not None:
            os.close(read)
        self.stdin, self._stdout = _pipes(self._process)

    def row(self) -> Row:
        """The next line it prints; its error if it has ended instead."""
        if line := self._stdout.readline():
            row: Row = json.loads(line)
            return row
        self._process.wait()
        raise _error(self._errors.read_text())

    def kill(self) -> None:
        """SIGKILL: no clean-up, like a machine that loses power."""
        self._process.kill()
        self._close()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not obeyed."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._close()

    def _close(self) -> None:
        self._process.wait()
        self.stdin.close()
        self._stdout.close()


class Actor:
    """A profile in a directory of its own; call it with the words of a command."""

    def __init__(self, name: str, home: Path, passphrase: str) -> None:
        self.name = name
        self._home = home / name
        self._home.mkdir(mode=0o700)
        self._passphrase = passphrase
        self._node: Process | None = None

    def __call__(self, *words: str, stdin: str = "") -> list[Row]:
        """What the command prints. Its error is raised here."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "onionchat", "--json", *self._place(), *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=_environment(self._home),
            timeout=ANSWER_TIMEOUT,
            check=False,
        )
        if done.returncode != 0:
            raise _error(done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def init(self) -> str:
        process = Process([*self._place(), "init"], self._home, self._passphrase)
        try:
            return str(process.row()["address"])
        finally:
            process.stop()

    def up(self, client_torrc: str) -> None:
        """Start the node; `ready` waits until it can be reached."""
        words = ["up", "--torrc-include", client_torrc, "--timeout", str(ANSWER_TIMEOUT)]
        self._node = Process([*self._place(), *words], self._home, self._passphrase)

    def ready(self) -> None:
        assert self._node is not None
        self._node.row()

    def event(self, method: str) -> None:
        """Wait until the node tells of this event, now or in the past."""
        process = Process([*self._place(), "rpc"], self._home)
        ask = {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"since": 0}}
        try:
            process.stdin.write(json.dumps(ask) + "\n")
            process.stdin.flush()
            while process.row().get("method") != method:
                pass
        finally:
            process.stop()

    def kill(self) -> None:
        assert self._node is not None
        self._node.kill()
        self._node = None
        self("down")  # returns when nothing of it is left

    def stop(self) -> None:
        if self._node is not None:
            self._node.stop()
            self._node = None

    def _place(self) -> list[str]:
        return ["--data-dir", str(self._home)]


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _readable(passphrase: str) -> int:
    """A file descriptor from which the passphrase can be read once."""
    read, write = os.pipe()
    os.write(write, passphrase.encode() + b"\n")
    os.close(write)
    return read


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the person's own settings, and everything below one directory."""
    path = os.environ.get("PATH", os.defpath)
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"}


def _error(stderr: str) -> OnionchatError:
    """The last line a command left on stderr, as the error it was."""
    try:
        said = json.loads(stderr.splitlines()[-1])
        return rebuild(said["error"], said["message"], said["hint"] or "")
    except (ValueError, KeyError, IndexError, TypeError):
        return LocalError("a command of the demo ended without a word")
