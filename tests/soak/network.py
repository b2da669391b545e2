"""The private network, some of whose nodes are killed: they are started again, as they were."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NoReturn

from onionchat.tor.find import TorBinary, find_tor
from onionchat.tor.process import OnLine, TorFailed, run_tor
from onionchat.tor.testnet import Info, network

PAUSE = 2.0


async def _again(binary: TorBinary, torrc: str, home: Path, on_line: OnLine) -> NoReturn:
    while True:
        with suppress(TorFailed):
            await run_tor(binary, torrc, home, on_line)
        await pause(PAUSE)


async def pause(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


@asynccontextmanager
async def private(directory: Path) -> AsyncIterator[Info]:
    """In a directory that exists. Its tors are children of this process."""
    ready: asyncio.Future[Info] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(
            network.run(directory, find_tor(), ready.set_result, keep=_again)
        )
        yield await ready
        running.cancel()
