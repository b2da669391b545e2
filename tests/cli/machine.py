"""A machine of one's own for the real program: a home, a profile, a node, and what breaks them.

Every command is a process. What it must never do is checked here, for all of them: a
traceback, a bug, more than one sentence and a hint.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onionchat.crypto.vault import Cost
from onionchat.errors import UserError
from onionchat.node.profile import create_profile
from onionchat.paths import locate
from tests.child import Child

PASSPHRASE = "correct horse"
BOB = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
NOWHERE = ("--tor-control", "unix:/nowhere", "--tor-socks", "unix:/nowhere")
"""A node that runs, beside a tor that is not there."""
PATIENCE = 60
NAMES = {kind.exit_code: kind.name for kind in UserError.__subclasses__()}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> "Done":
        """One sentence and one hint as the last words, with this exit code; or both in JSON."""
        assert self.code == code, self
        self.clean()
        *_, sentence, hint = ["", *self.err.splitlines()]
        if hint.startswith("{"):
            self._refused_in_json(code)
        else:
            assert sentence.startswith("onionchat: "), self
            assert hint.startswith("hint: "), self
        assert all(word in self.err for word in words), self
        return self

    def _refused_in_json(self, code: int) -> None:
        """The last line is the error; no line of either stream is anything but JSON."""
        *_, error = [json.loads(line) for line in self.err.splitlines()]
        assert all(isinstance(json.loads(line), dict) for line in self.out.splitlines()), self
        assert list(error) == ["error", "message", "hint"], self
        assert error["error"] == NAMES[code], self
        assert error["message"], self
        assert error["hint"], self

    def clean(self) -> "Done":
        assert not any(bad in self.err for bad in ("Traceback", "a bug", "Exception", "Error:"))
        return self


class Machine:
    """A home directory with the environment that a person has there, and nothing more."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        self.environ = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | environ
        self.profile = home / ".local/share/onionchat/default"

    def start(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Child[bytes]:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return Child(
            [sys.executable, "-m", "onionchat", *words],
            cwd=self.home,
            env={**self.environ, **(environ or {})},
            start_new_session=True,
            **(pipes | options),
        )

    def __call__(
        self,
        *words: str | bytes,
        stdin: str | bytes = b"",
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        with self.start(*words, environ=environ, **options) as process:
            return finished(process, given if process.stdin else None)

    def unlocked(self, *words: str | bytes, **options: Any) -> Done:
        """A command that is handed the passphrase on stdin."""
        return self("--passphrase-fd", "0", *words, stdin=PASSPHRASE + "\n", **options)

    def address(self) -> str:
        return str(json.loads(self("--json", "id").out)["address"])

    def init(self) -> None:
        """A profile that opens fast: what `init` makes costs a second each time."""
        paths = locate(None, "default", {"HOME": str(self.home)})
        create_profile(paths, PASSPHRASE.encode(), Cost.FLOOR)

    @contextmanager
    def node(self, *tor: str, **options: Any) -> Iterator[Child[bytes]]:
        """A node whose RPC answers, beside `tor`, or none."""
        words = ("--passphrase-fd", "0", "up", "--no-dial", *(tor or NOWHERE))
        with self.start(*words, **options) as up:
            assert up.stdin is not None
            up.stdin.write(f"{PASSPHRASE}\n".encode())
            up.stdin.flush()
            try:
                while self("status").code:
                    assert up.poll() is None, finished(up)
                yield up
            finally:
                up.kill()
                self("down")  # returns when the rest of it has gone, too

    def copy(self, to: Path) -> "Machine":
        """The same in another place; making a profile takes a second."""
        shutil.copytree(self.home, to, dirs_exist_ok=True)
        return Machine(to)


def finished(process: Child[bytes], stdin: bytes | None = None) -> Done:
    """Wait for it; one that hangs is killed, and that is a failure."""
    try:
        out, err = process.communicate(stdin, PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    texts = ((text or b"").decode(errors="backslashreplace") for text in (out, err))
    return Done(process.returncode, *texts)


def closing(*descriptors: int) -> Callable[[], None]:
    """For `preexec_fn`: a program that is started without some of its three streams."""

    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close
