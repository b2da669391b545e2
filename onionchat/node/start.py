"""What a node is started with: the options and the passphrase, in an anonymous memory file.

The file has no name, is not on disk, and is no other user's to read. The supervisor keeps it,
so that a node that crashed can be started again without asking; what is written into it is
never in the supervisor's own memory for longer than that takes (docs/decisions/0002).

    START   one line of JSON, then the passphrase to the end
"""

import json
import os
from dataclasses import asdict
from typing import Self

import msgspec

from onionchat.node.options import UpOptions

LIMIT = 1 << 21


class Start:
    """The file, which goes with the last process that has it open."""

    def __init__(self, descriptor: int, options: UpOptions, line: bytes) -> None:
        self.descriptor = descriptor
        self.options = options
        self._line = line

    @classmethod
    def make(cls, options: UpOptions) -> Self:
        """One without a passphrase."""
        line = json.dumps(asdict(options), default=str).encode() + b"\n"
        descriptor = os.memfd_create("onionchat-start")
        os.write(descriptor, line)
        return cls(descriptor, options, line)

    @classmethod
    def adopt(cls, descriptor: int) -> Self:
        """The same file in the node, which has inherited the descriptor."""
        line, _, _ = os.pread(descriptor, LIMIT, 0).partition(b"\n")
        options = msgspec.convert(
            json.loads(line), UpOptions, strict=False, dec_hook=lambda kind, value: kind(value)
        )
        return cls(descriptor, options, line + b"\n")

    def passphrase(self) -> bytes:
        return os.pread(self.descriptor, LIMIT, len(self._line))

    def keep(self, passphrase: bytes | memoryview) -> None:
        """From now on every node is started with this one."""
        os.pwrite(self.descriptor, passphrase, len(self._line))
        os.ftruncate(self.descriptor, len(self._line) + len(passphrase))

    def forget(self) -> None:
        """Nobody can start a node any more who does not know it."""
        self.keep(bytes(os.fstat(self.descriptor).st_size - len(self._line)))
        self.keep(b"")
