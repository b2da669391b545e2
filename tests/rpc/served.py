"""A real server on a real socket in its own thread, with a small profile and table of verbs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import msgspec

from onionchat.node.uptime import uptime
from onionchat.rpc.server import Server
from onionchat.store.ending import Uptime


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Echo(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    times: int = 1


@dataclass
class Feed:
    """Events from a list; what follows them is for the test to say."""

    events: list[dict[str, Any]] = field(default_factory=list)
    then: Callable[[], Awaitable[Any]] = field(default_factory=lambda: asyncio.Event().wait)

    async def newest(self) -> int:
        return len(self.events)

    async def follow(self, since: int) -> AsyncIterator[SimpleNamespace]:
        while True:
            for event in self.events[since:]:
                since = event["cursor"]
                yield SimpleNamespace(method="message.received", params=event)
            await self.then()


@dataclass
class Desk:
    """The profile of the tests: events, and doors that a test opens and sees opened."""

    feed: Feed = field(default_factory=Feed)
    uptime: Callable[[], Uptime] = uptime
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    left: "SimpleQueue[str]" = field(default_factory=SimpleQueue)
    door: asyncio.Event = field(default_factory=asyncio.Event)


async def echo(_: Desk, params: Echo) -> dict[str, str]:
    return {"text": params.text * params.times}


async def hold(desk: Desk, _: Nothing) -> str:
    """Waits at the door, and leaves a note when it goes: through the door, or because told to."""
    desk.entered.release()
    try:
        await desk.door.wait()
    except asyncio.CancelledError:
        desk.left.put("cancelled")
        raise
    desk.left.put("done")
    return "open"


async def unlock(desk: Desk, _: Nothing) -> None:
    desk.door.set()


def verb(params: type[msgspec.Struct], call: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    return SimpleNamespace(params=params, call=call)


VERBS: Mapping[str, Any] = {
    "echo": verb(Echo, echo),
    "hold": verb(Nothing, hold),
    "open": verb(Nothing, unlock),
}


@contextmanager
def serving(path: Path, desk: Desk, verbs: Mapping[str, Any] = VERBS) -> Iterator[None]:
    """The server runs inside; on the way out it is cancelled and has ended."""
    ready, failed = threading.Event(), list[BaseException]()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(Server(desk, path, verbs).run())  # type: ignore[arg-type]  # a desk, not a profile
            loop = asyncio.get_running_loop()
            loops.append((loop, task))
            loop.call_soon(ready.set)  # behind the server's first step, which listens

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # told to the test below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop, task = loops[0]
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        thread.join(20)
        assert not thread.is_alive()
    assert not failed, failed
