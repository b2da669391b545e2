"""A machine that slept is noticed by the difference of two clocks."""

import asyncio

from onionchat.node.clock import LOOK, SLEPT, sleeps, slept
from tests.simulation.loop import VirtualLoop


def test_sleep_is_noticed_and_a_hiccup_is_not() -> None:
    clock = iter([100.0, 100.0, 100.0 + SLEPT - 1, 200.0, 200.0, 5000.0])
    found = []

    async def scene() -> None:
        begin = asyncio.get_running_loop().time()
        async for pause in sleeps(lambda: next(clock)):
            found.append((asyncio.get_running_loop().time() - begin, pause))
            if len(found) == 2:
                return

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scene())
    assert found == [(3 * LOOK, 200.0 - 100.0 - SLEPT + 1), (5 * LOOK, 4800.0)]


def test_this_machine_has_such_clocks() -> None:
    before = slept()
    assert 0 <= before <= slept() + SLEPT
