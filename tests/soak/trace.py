"""What a soak has seen: one JSON object a line, in the order in which it was seen.

    tried          sender receiver text             `send` is called
    acknowledged   sender receiver text             it has answered
    displayed      sender receiver text kind late missing
    away           who how                          the nemesis has begun
    back           who how                          their address is published again
    trouble        who how                          a relay is killed or frozen; `over` ends it
    kept           who with rows                    a history at the end: [direction, text, state]

`at` is a clock that never jumps. Every line is on its way to the disk before the next.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onionchat.node.clock import wait

Letter = tuple[str, str, str]
"""Sender, receiver, text: every text is sent once."""
Line = dict[str, Any]


def read(path: Path) -> Iterator[Line]:
    with path.open() as lines:
        for line in lines:
            yield json.loads(line)


class Trace:
    """Writes it, and knows what is still on its way."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", buffering=1)
        self._shown: set[Letter] = set()
        self._changed = asyncio.Event()
        self.waiting: set[Letter] = set()

    def note(self, what: str, **fields: Any) -> None:
        line = {"at": round(time.monotonic(), 4), "what": what, **fields}
        self._file.write(json.dumps(line) + "\n")

    def tried(self, letter: Letter) -> None:
        self.note("tried", **_named(letter))

    def acknowledged(self, letter: Letter) -> None:
        self.note("acknowledged", **_named(letter))
        if letter not in self._shown:
            self.waiting.add(letter)

    def displayed(self, letter: Letter, **how: Any) -> None:
        self.note("displayed", **_named(letter), **how)
        self._shown.add(letter)
        self.waiting.discard(letter)
        self._changed.set()

    async def arrived(self, letters: set[Letter], seconds: float) -> bool:
        """Until all of these are displayed; False when the time is over before."""
        until = asyncio.get_running_loop().time() + seconds
        while letters & self.waiting:
            self._changed.clear()
            if not await wait(self._changed, until):
                return False
        return True

    def close(self) -> None:
        self._file.close()


def _named(letter: Letter) -> Line:
    return dict(zip(("sender", "receiver", "text"), letter, strict=True))
