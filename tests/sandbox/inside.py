"""A small program that gives up what the node gives up, or one layer of it, and then tries.

`attempt` says what became of one line of Python: "done", or the name of the error. Each
refusal is asked for twice, with the layer and without: what fails anyway shows nothing.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import ctypes, errno, os, signal, socket, sys, threading
from pathlib import Path
from onionchat.errors import OnionchatError
from onionchat.hardening import harden
from onionchat.sandbox import landlock, layers, namespaces, seccomp
from onionchat.sandbox.reach import Reach, of_python
from onionchat.sandbox.syscalls import call
profile, home = map(Path, sys.argv[1:3])
reach = Reach((profile,), ports=PORTS)
harden()
try:
    LAYER
    LINE
except OSError as error:
    print(errno.errorcode[error.errno], end="")
else:
    print("done", end="")
"""

LAYERS = {
    "none": "pass",
    "seccomp": "seccomp.install(tcp=reach.ports is not None)",
    "landlock": "landlock.restrict(reach)",
    "namespaces": "namespaces.enter(reach)",
    "all": "layers.seal(reach)",
}


class Place:
    """A home with a key in it that is nobody's business, and a profile beside it."""

    def __init__(self, directory: Path) -> None:
        self.home, self.profile = directory / "home", directory / "profile"
        self.home.mkdir(parents=True)
        self.profile.mkdir()
        (self.home / "id_rsa").write_text("a key")

    def attempt(self, line: str, layer: str, ports: tuple[int, ...] | None = None) -> str:
        """`line` is one statement; exec of another program counts as done."""
        allowed = None if ports is None else frozenset(ports)
        code = _PROGRAM.replace("PORTS", repr(allowed)).replace("LAYER", LAYERS[layer])
        done = subprocess.run(
            [sys.executable, "-c", code.replace("LINE", line), self.profile, self.home],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout or "done"

    def needs(self, layer: str) -> None:
        """Skip where the kernel, or the distribution, does not have it: `doctor` says so, too."""
        if (why := self.attempt("pass", layer)) != "done":
            pytest.skip(f"no {layer} here: {why}")
