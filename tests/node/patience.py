"""An event loop whose clock can be put forward: half a minute passes when a test says so.

And a node that waits for nothing.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from onionchat.node import dialing, peer, talk
from onionchat.node.dialing import Schedule


class Loop(asyncio.SelectorEventLoop):
    """Time goes on as always, and by `ahead` seconds more; or it stands at `still`, and goes on
    by those alone."""

    ahead = 0.0
    still: float | None = None

    def time(self) -> float:
        return (super().time() if self.still is None else self.still) + self.ahead


def pass_time(seconds: float) -> None:
    """Timers that are due by then fire when the caller next waits for anything."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.ahead += seconds


@contextmanager
def by_hand() -> Iterator[None]:
    """Only `pass_time` passes time in here, however slow the machine is."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.still = loop.time() - loop.ahead
    try:
        yield
    finally:
        loop.still = None


async def turns() -> None:
    """Whoever can go on has gone on."""
    loop = asyncio.get_running_loop()
    for _ in range(10):
        turn = asyncio.Event()
        loop.call_soon(turn.set)
        await turn.wait()


def run(scene: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run`, on such a loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(scene)


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Dial, redial and receipt at once."""
    patch.setattr(dialing, "PATIENCE", 0.0)
    patch.setattr(peer, "Schedule", lambda: Schedule(lambda low, _: low))
    patch.setattr(talk, "RECEIPT_DELAY_SECONDS", (0.0, 0.0))
