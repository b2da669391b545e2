"""A witness in every Python process of ours: who makes a socket that is not a unix one, or asks
for the address of a name, is written down.

Python tells its audit hooks of each call (PEP 578), in the programs that are started with the
environment below and in those that they start. What is not Python is tor, which must.
"""

import os
from pathlib import Path

_HOOK = """
import os, sys

LOOKS_UP = {{"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}}
UNIX, UNSAID = 1, -1
found = open({found!r}, "a")  # before a node can open no file any more

def look(event, arguments):
    made = event == "socket.__new__" and arguments[1] not in (UNIX, UNSAID)
    if made or event in LOOKS_UP:
        print(event, arguments[-3:], sys.orig_argv, file=found, flush=True)

sys.addaudithook(look)
open({told!r}, "a").write(" ".join(sys.orig_argv) + "\\\\n")
"""


class Witness:
    """`environ` is what the programs need; `found` and `told` are lines."""

    def __init__(self, place: Path) -> None:
        self._found, self._told = place / "found", place / "told"
        self._found.touch()
        hook = _HOOK.format(found=str(self._found), told=str(self._told))
        (place / "sitecustomize.py").write_text(hook)
        self.environ = {"PYTHONPATH": os.fspath(place)}

    @property
    def found(self) -> list[str]:
        return self._found.read_text().splitlines()

    @property
    def watched(self) -> list[str]:
        """The command lines of all that was watched."""
        return self._told.read_text().splitlines()
