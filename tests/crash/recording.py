"""What a process did to its profile's files and what it said meanwhile, in their order.

strace writes both down: a call that changes a file when it has returned, what the process
says when it is about to be said. So whatever was said rests on what stands before it.
"""

import json
import re
from codecs import escape_decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.disk import Directory, Pick
from tests.crash.victim import SAYS

CALLS = (
    *("openat", "write", "pwrite64", "ftruncate", "fdatasync", "fsync"),
    *("rename", "unlink", "sendto"),
)
NOT_KEPT = ("lock", "store.db-shm")
"""Means nothing after a power cut: SQLite makes the second anew, and writes it as memory."""

_LINE = re.compile(rb"(?:(\d+) +)?(<\.\.\. \w+ resumed>)?(.*)", re.DOTALL)
_CALL = re.compile(rb"(\w+)\((.*)(?:\) += (-?\d+|\?).*| <unfinished \.\.\.>)", re.DOTALL)
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_FILE = re.compile(rb"\d+<([^>]*)>")


@dataclass(frozen=True)
class Step:
    """One call on a file of the profile by its name, "" for the directory; or what was `said`.
    `number`: the offset, the size, or -1 if the call failed."""

    call: str
    name: str = ""
    data: bytes = b""
    number: int = 0
    said: dict[str, Any] = field(default_factory=dict)

    def take(self, directory: Directory, pick: Pick) -> None:
        """Do to `directory` what the call did."""
        known = self.name in directory
        match self.call:
            case "openat":
                directory.create(self.name)
            case "rename":
                directory.rename(self.name, self.data.decode())
            case "unlink":
                directory.unlink(self.name)
            case "fsync" if not self.name:
                directory.sync()
            case "pwrite64" if known:
                directory[self.name].write(self.number, self.data)
            case "write" if known:
                directory[self.name].write(len(directory[self.name].content), self.data)
            case "ftruncate" if known:
                directory[self.name].truncate(self.number)
            case "fsync" | "fdatasync" if known and self.number:
                directory[self.name].fail_to_sync(pick)
            case "fsync" | "fdatasync" if known:
                directory[self.name].sync()


def steps(recorded: Path, root: Path) -> Iterator[Step]:
    """Of what strace wrote with `-y -e trace=CALLS`."""
    begun: dict[bytes, bytes] = {}
    for line in recorded.read_bytes().splitlines():
        thread, resumed, text = _match(_LINE, line).groups()
        if resumed:
            text = begun.pop(thread) + text
        elif text.endswith(b" <unfinished ...>"):
            begun[thread] = text.removesuffix(b" <unfinished ...>")
        if call := _CALL.fullmatch(text):
            name, words, result = call[1].decode(), call[2], call[3]
            if name == "sendto" or words.startswith(b"%d<" % SAYS):
                yield from () if resumed else _said(words)
            elif result is not None:
                yield from _step(name, words, -1 if result == b"?" else int(result), root)
    for text in begun.values():  # whoever died of it has not been told of success
        if call := _CALL.fullmatch(text + b") = -1"):
            yield from _step(call[1].decode(), call[2], -1, root)


def _step(call: str, words: bytes, result: int, root: Path) -> Iterator[Step]:
    """Nothing, if it was not about a file of the profile, or has changed none."""
    strings = [escape_decode(string)[0] for string in _STRING.findall(words)]
    by_name = call in ("openat", "rename", "unlink")
    name = _name(strings[0] if by_name else _match(_FILE, words)[1], root)
    failed = result < 0 and call not in ("fsync", "fdatasync")
    if name is None or failed or (call == "openat" and b"O_CREAT" not in words):
        return
    assert b'"...' not in words, "strace has cut off what was written"
    last = words.rpartition(b", ")[2]
    match call:
        case "write":
            yield Step(call, name, strings[0][:result])
        case "pwrite64":
            yield Step(call, name, strings[0][:result], int(last))
        case "ftruncate":
            yield Step(call, name, number=int(last))
        case "rename":
            yield Step(call, name, Path(strings[1].decode()).name.encode())
        case _:
            yield Step(call, name, number=min(result, 0))


def _said(words: bytes) -> Iterator[Step]:
    """One of our own lines, or an answer to a client; what goes to a peer nobody can read."""
    string = _STRING.search(words)
    with suppress(ValueError):
        if string is not None:
            yield Step("said", said=json.loads(escape_decode(string[1])[0]))


def _name(path: bytes, root: Path) -> str | None:
    """Of a file in the profile's directory; "" for that itself."""
    found = Path(path.decode())
    if found == root:
        return ""
    return found.name if found.parent == root and found.name not in NOT_KEPT else None


def _match(pattern: re.Pattern[bytes], text: bytes) -> re.Match[bytes]:
    found = pattern.match(text)
    assert found is not None, text[:200]
    return found
