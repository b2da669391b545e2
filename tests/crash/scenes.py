"""What a victim is in the middle of when it dies, and what it has acknowledged by then.

`act` is the person, or the peer, at work; it is cut off when the victim goes. It notes
what it tries before it tries it, and what it was answered after that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any

from onionchat.errors import UnreachableError
from onionchat.rpc.client import Client
from tests.crash.nursery import Victim
from tests.crash.profiles import PEER, VICTIM, Person, place


@dataclass
class Scene:
    """One trial's people and what they did. Everything here ends when the victim goes:
    UnreachableError. `tried` and `sent` are the victim's texts, `theirs` the peer's."""

    directory: Path
    peer: Person
    victim: Victim
    tried: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    async def call(self, method: str, **params: Any) -> Any:
        """A verb of the victim's, as a command asks for it."""

        def ask() -> Any:
            with Client.connect(place(self.directory, VICTIM).rpc_socket) as client:
                return client.call(method, **params)

        return await asyncio.to_thread(ask)

    async def send(self, text: str, **wait: Any) -> None:
        self.tried.append(text)
        await self.call("send", name=PEER, text=text, **wait)
        self.sent.append(text)

    async def send_to_victim(self, text: str, **wait: Any) -> None:
        self.theirs.append(text)
        await self.unless_gone(self.peer("send", name=VICTIM, text=text, **wait))

    async def unless_gone(self, waited_for: Coroutine[Any, Any, None]) -> None:
        async with asyncio.TaskGroup() as group:
            wanted = group.create_task(waited_for)
            dying = group.create_task(self.victim.gone())
            await asyncio.wait((wanted, dying), return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            wanted.cancel()
        if wanted.cancelled():
            raise UnreachableError("the victim has gone")


Act = Callable[[Scene], Awaitable[None]]


async def nothing(_: Scene) -> None:
    """There is nothing to be done again."""


@dataclass(frozen=True)
class Plot:
    """`begins`: the template; `again`: what the person does once more after the recovery."""

    begins: str
    act: Act
    again: Act = nothing


async def send(scene: Scene) -> None:
    for number in range(3):
        await scene.send(f"mine {number}")
    await scene.send("mine 3", wait="delivered")


async def receive(scene: Scene) -> None:
    for number in range(3):
        await scene.send_to_victim(f"theirs {number}")
    await scene.send_to_victim("theirs 3", wait="delivered")
    rows = await scene.call("receive")
    await scene.call("receive.ack", cursors=[row["cursor"] for row in rows])
    scene.read += [row["text"] for row in rows]


async def both(scene: Scene) -> None:
    """In turns, so that the ratchet takes a step with each."""
    for number in range(3):
        await scene.send(f"mine {number}", wait="delivered")
        await scene.send_to_victim(f"theirs {number}", wait="delivered")


async def stop(scene: Scene) -> None:
    """A clean stop with work to do in both directions."""
    await scene.send("mine 0", wait="delivered")
    await scene.send("mine 1")
    await scene.send_to_victim("theirs 0")
    scene.victim.send(SIGTERM)
    await scene.victim.gone()


async def accept(scene: Scene) -> None:
    """Say yes to somebody, and write to them."""
    await scene.call("request.accept", who="1", name=PEER)
    await scene.send("mine 0", wait="delivered")


async def accept_if_it_was_not(scene: Scene) -> None:
    if await scene.call("request.list"):
        await scene.call("request.accept", who="1", name=PEER)


SCENES = {
    "send": Plot("friends", send),
    "receive": Plot("friends", receive),
    "both": Plot("friends", both),
    "stop": Plot("friends", stop),
    "accept": Plot("asked", accept, accept_if_it_was_not),
}
