"""An event loop whose clock can be put forward: half a minute passes when a test says so."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """Time goes on as always, and by `ahead` seconds more."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def pass_time(seconds: float) -> None:
    """Timers that are due by then fire when the caller next waits for anything."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.ahead += seconds


def run(scene: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run`, on such a loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(scene)
