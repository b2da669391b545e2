"""A directory as the kernel has it and as its disk has it: what a power cut leaves.

What is written is in the kernel's pages at once. The disk gets it at some time before the
next sync that succeeds: until then each of its sectors may hold anything that it held since
the last one. So a write that was not synced may be lost, be torn, and overtake another.

A sync that fails has written some of it, and the kernel takes the pages for written all the
same (ext4, XFS): a later sync writes a page again only if it was changed again. Names go to
the disk in their order, the last of them perhaps not, until the directory is synced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol, TypeVar

PAGE = 4096
SECTOR = 512

T = TypeVar("T")


class Pick(Protocol):
    """What a place on the disk holds that held `old` and was given `newer`, in this order."""

    def __call__(self, old: T, newer: Sequence[T], /) -> T: ...


def latest(_: T, newer: Sequence[T], /) -> T:
    return newer[-1]


@dataclass(frozen=True)
class Luck:
    """Each place has got something newer with this chance."""

    chance: float
    random: Random

    def __call__(self, old: T, newer: Sequence[T], /) -> T:
        return self.random.choice(newer) if self.random.random() < self.chance else old


class File:
    """`content` is what programs see. `_pages`: what each changed page has been since the last
    sync; `_sizes`: how long the file has been."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = bytearray(content)
        self._disk = bytearray(content)
        self._pages: dict[int, list[bytes]] = {}
        self._sizes: list[int] = []

    def write(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        self._resize(max(end, len(self.content)))
        self.content[offset:end] = data
        self._changed(offset, end)

    def truncate(self, size: int) -> None:
        before = len(self.content)
        self._resize(size)
        self._changed(min(size, before), max(size, before))

    def sync(self) -> None:
        """But for pages that a failed one took for written: those stay as the disk has them."""
        self._sizes.append(len(self.content))
        self._disk = self.after_power_cut(latest)
        self._forget()

    def fail_to_sync(self, pick: Pick) -> None:
        self._disk = self.after_power_cut(pick)
        self._forget()

    def after_power_cut(self, pick: Pick) -> bytearray:
        left = bytearray(self._disk)
        for number, newer in self._pages.items():
            start = number * PAGE
            left.extend(bytes(max(0, start + PAGE - len(left))))
            for place in range(0, PAGE, SECTOR):
                sector = slice(start + place, start + place + SECTOR)
                versions = [page[place : place + SECTOR] for page in newer]
                left[sector] = pick(bytes(left[sector]), versions)
        size = pick(len(self._disk), self._sizes) if self._sizes else len(self._disk)
        return left[:size].ljust(size, b"\0")

    def _resize(self, size: int) -> None:
        self.content[size:] = bytes(max(0, size - len(self.content)))
        self._sizes.append(size)

    def _changed(self, start: int, end: int) -> None:
        for number in range(start // PAGE, -(-end // PAGE)):
            page = bytes(self.content[number * PAGE : (number + 1) * PAGE])
            self._pages.setdefault(number, []).append(page.ljust(PAGE, b"\0"))

    def _forget(self) -> None:
        self._pages.clear()
        self._sizes.clear()


class Directory:
    """Files by name. `_named`: as the disk has it; `_steps`: what it has not got yet."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = {name: File(content) for name, content in files.items()}
        self._named = dict(self._files)
        self._steps: list[dict[str, File]] = []

    def __getitem__(self, name: str) -> File:
        return self._files[name]

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def create(self, name: str) -> None:
        """Nothing, if there is one."""
        if name not in self._files:
            self._step({**self._files, name: File()})

    def rename(self, old: str, new: str) -> None:
        files = dict(self._files)
        files[new] = files.pop(old)
        self._step(files)

    def unlink(self, name: str) -> None:
        self._step({known: file for known, file in self._files.items() if known != name})

    def sync(self) -> None:
        self._named, self._steps = self._files, []

    def leave(self, place: Path, pick: Pick) -> None:
        """What is there after a power cut, as files in `place`."""
        named = pick(self._named, self._steps) if self._steps else self._named
        place.mkdir(0o700, parents=True)
        for name, file in named.items():
            (place / name).touch(0o600)
            (place / name).write_bytes(file.after_power_cut(pick))

    def _step(self, files: dict[str, File]) -> None:
        self._files = files
        self._steps.append(files)
