"""One person with a profile of their own, who talks only through the real command line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.child import Child

PASSPHRASE = "correct horse battery staple"
UP_TIMEOUT = 90


class Person:
    """Runs `onionchat` as a subprocess, with a data directory and a HOME of its own."""

    def __init__(self, name: str, home: Path, client_torrc: Path) -> None:
        self.name = name
        self.home = home
        self.torrc = client_torrc
        self.up: Child[str] | None = None
        home.mkdir(mode=0o700)

    def __call__(self, *words: str, stdin: str = "", code: int = 0) -> list[dict[str, Any]]:
        """Run one command with --json; the lines of its stdout. Fails on another exit code."""
        done = subprocess.run(
            self._command(*words),
            input=stdin,
            capture_output=True,
            text=True,
            env=self._env(),
            timeout=120,
            check=False,
        )
        assert done.returncode == code, (words, done.returncode, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def one(self, *words: str, stdin: str = "") -> dict[str, Any]:
        (row,) = self(*words, stdin=stdin)
        return row

    def init(self) -> str:
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode() + b"\n")
        os.close(write)
        done = subprocess.run(
            self._command("--passphrase-fd", str(read), "init"),
            pass_fds=[read],
            check=True,
            capture_output=True,
            text=True,
            env=self._env(),
            stdin=subprocess.DEVNULL,
        )
        os.close(read)
        return str(json.loads(done.stdout)["address"])

    def start(self, *options: str) -> None:
        """`up` in the foreground; returns when it has said that the address is published."""
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode() + b"\n")
        os.close(write)
        words = ("up", "--torrc-include", str(self.torrc), "--timeout", str(UP_TIMEOUT), *options)
        with (self.home / "up.log").open("a") as log:
            self.up = Child(
                self._command("--passphrase-fd", str(read), *words),
                pass_fds=[read],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                env=self._env(),
                start_new_session=True,
            )
        os.close(read)
        assert self.up.stdout is not None
        line = self.up.stdout.readline()
        assert line, (self.home / "up.log").read_text()
        assert json.loads(line)["event"] == "ready"

    def stop(self) -> None:
        assert self.one("down") == {"stopped": True}
        self._reap()

    def kill(self) -> None:
        """SIGKILL to everything at once: supervisor, node and tor."""
        assert self.up is not None
        os.killpg(self.up.pid, signal.SIGKILL)
        self._reap()

    def _reap(self) -> None:
        assert self.up is not None
        self.up.wait(timeout=20)
        if self.up.stdout is not None:
            self.up.stdout.close()
        self.up = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.up is not None:
            self.kill()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "onionchat", "--data-dir", str(self.home), "--json", *words]

    def _env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
