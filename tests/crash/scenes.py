"""What a victim is in the middle of when it dies or fails, and what it has acknowledged.

A scene's `act` is the person, or the peer, at work; it is cut off when the victim goes. It
notes what it tries before it tries it, and what it was answered after that. What is refused
with a sentence is noted too, and the next thing is tried.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any

from onionchat.errors import OnionchatError, UnreachableError
from onionchat.paths import Paths
from onionchat.rpc.client import Client
from tests.crash.nursery import Victim
from tests.crash.profiles import BACKUP, OTHER, PASSPHRASE, PEER, VICTIM, Person, place

STUCK = 60.0
"""Seconds after which something that should arrive is stuck; on an idle machine it takes 0.1."""
SERVING = {"main": "serving", "store": "serving"}
STARTING = {"main": "opening", "store": "opening"}
AT_WORK = {"main": "birth", "store": "opening"}
"""Where a victim stops to be traced, for each of its threads."""


@dataclass
class Scene:
    """One trial's people and what they did. Everything here ends when the victim goes:
    UnreachableError. `sent` are the victim's texts, `theirs` the peer's. `phrase` opens the
    victim's profile; `done`: the command has said that it is done."""

    directory: Path
    peer: Person
    victim: Victim
    sent: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    refused: list[OnionchatError] = field(default_factory=list)
    phrase: bytes = PASSPHRASE
    done: bool = False
    rounds: int = 0
    _asked: list[asyncio.Future[Any]] = field(default_factory=list)

    @property
    def paths(self) -> Paths:
        return place(self.directory, VICTIM)

    async def call(self, method: str, **params: Any) -> Any:
        """A verb of the victim's, as a command asks for it; None if it was refused."""

        def ask() -> Any:
            with Client.connect(self.paths.rpc_socket) as client:
                return client.call(method, **params)

        asked = asyncio.get_running_loop().run_in_executor(None, ask)
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._asked.append(asked)
        try:
            return await asyncio.shield(asked)
        except UnreachableError:
            raise
        except OnionchatError as error:
            self.refused.append(error)
            return None

    async def send(self, text: str, **wait: Any) -> None:
        if await self.call("send", name=PEER, text=text, **wait) is not None:
            self.sent.append(text)

    async def send_to_victim(self, text: str, **wait: Any) -> None:
        self.theirs.append(text)
        await self.unless_gone(self.peer("send", name=VICTIM, text=text, **wait))

    async def talk_on(self) -> None:
        """Two texts each way, and whatever was there before them, must arrive."""
        self.rounds += 1
        await asyncio.gather(*self._asked, return_exceptions=True)  # also what was cut off
        wait: dict[str, Any] = {"wait": "delivered", "timeout": STUCK}
        for number in range(2):
            await self.send(f"mine again {self.rounds} {number}", **wait)
            await self.send_to_victim(f"theirs again {self.rounds} {number}", **wait)

    async def unless_gone(self, waited_for: Coroutine[Any, Any, None]) -> None:
        async with asyncio.TaskGroup() as group:
            wanted = group.create_task(waited_for)
            dying = group.create_task(self.victim.gone())
            await asyncio.wait((wanted, dying), return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            wanted.cancel()
        if wanted.cancelled():
            raise UnreachableError("the victim has gone")

    async def act(self, plot: "Plot") -> None:
        """Until everything has been done; UnreachableError."""
        self.victim.go_on()
        await plot.act(self)

    async def act_to_the_end(self, plot: "Plot") -> None:
        """Until everything has been done, or the victim has gone."""
        try:
            await self.act(plot)
        except UnreachableError:
            await self.victim.gone()
        if self.victim.is_gone:
            await self.victim.gone()


Act = Callable[[Scene], Awaitable[None]]


async def nothing(_: Scene) -> None:
    """There is nothing to be done again."""


async def ends(scene: Scene) -> None:
    """It is a command: all there is to do is to wait for it."""
    await scene.victim.gone()
    scene.done = scene.victim.exit_code == 0


@dataclass(frozen=True)
class Plot:
    """`begins`: the template; `again`: what the person does once more when the node is up.

    `words`, `phrases`, `makes`: the victim is this command, and makes this file; it is given
    again if it has not, and a node is started then. `told`: that the person is told something
    is no false alarm.
    """

    begins: str
    act: Act
    again: Act = nothing
    stops: dict[str, str] = field(default_factory=lambda: SERVING)
    words: tuple[str, ...] = ()
    phrases: tuple[bytes, ...] = ()
    makes: str = f"{VICTIM}/keyslot"
    told: bool = False

    def victim(self) -> dict[str, Any]:
        """What the nursery starts."""
        if not self.words:
            return node(PASSPHRASE)
        phrases = [phrase.decode() for phrase in self.phrases]
        return {"program": "command", "words": self.words, "phrases": phrases}


def node(phrase: bytes) -> dict[str, Any]:
    return {"program": "node", "phrase": phrase.decode()}


async def send(scene: Scene) -> None:
    for number in range(3):
        await scene.send(f"mine {number}")
    await scene.send("mine 3", wait="delivered")


async def receive(scene: Scene) -> None:
    for number in range(3):
        await scene.send_to_victim(f"theirs {number}")
    await scene.send_to_victim("theirs 3", wait="delivered")
    rows = await scene.call("receive") or []
    if await scene.call("receive.ack", cursors=[row["cursor"] for row in rows]):
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
    if await scene.call("request.accept", who="1", name=PEER):
        await scene.send("mine 0", wait="delivered")


async def accept_if_it_was_not(scene: Scene) -> None:
    if await scene.call("request.list"):
        await scene.call("request.accept", who="1", name=PEER)


async def change_passphrase(scene: Scene) -> None:
    old, new = (b64encode(phrase).decode() for phrase in (PASSPHRASE, OTHER))
    if await scene.call("passphrase.change", old=old, new=new):
        scene.phrase = OTHER


async def start(scene: Scene) -> None:
    """Until somebody can be written to."""
    if await scene.victim.ready():
        await scene.send("mine 0", wait="delivered")


async def busy(scene: Scene) -> None:
    """Much to say in both directions, and a clean stop."""
    await scene.victim.ready()
    for number in range(12):
        await scene.send(f"mine {number:02}")
        await scene.send_to_victim(f"theirs {number:02}")
    await scene.send("mine 12", wait="delivered")
    await scene.send_to_victim("theirs 12", wait="delivered")
    scene.victim.send(SIGTERM)
    await scene.victim.gone()


async def introduce(scene: Scene) -> None:
    """The victim is new; they become friends."""
    await scene.call("contact.add", name=PEER, address=scene.peer.node.address, text="it is me")
    await scene.peer.until_asked()
    await scene.peer("request.accept", who="1", name=VICTIM)


SCENES = {
    "send": Plot("friends", send),
    "receive": Plot("friends", receive),
    "both": Plot("friends", both),
    "stop": Plot("friends", stop),
    "accept": Plot("asked", accept, accept_if_it_was_not),
    "passphrase": Plot("friends", change_passphrase),
    "start": Plot("interrupted", start, stops=STARTING),
    "rollback": Plot("rollback", start, stops=STARTING, told=True),
    "migrate": Plot("old", start, stops=STARTING),
    "init": Plot(
        *("alone", ends, introduce, AT_WORK),
        words=("init",),
        phrases=(PASSPHRASE,),
    ),
    "backup": Plot(
        *("friends", ends, nothing, AT_WORK),
        words=("backup", "create", BACKUP, "--history", "--backup-passphrase-fd", "{fd}"),
        phrases=(PASSPHRASE, OTHER),
        makes=BACKUP,
    ),
    "restore": Plot(
        *("moved", ends, nothing, AT_WORK),
        words=("backup", "restore", BACKUP, "--backup-passphrase-fd", "{fd}"),
        phrases=(PASSPHRASE, OTHER),
        told=True,
    ),
}
