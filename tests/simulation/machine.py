"""One person's computer: a profile on a disk, a tor, a clock, and a node that comes and goes.

A `Life` is one process of the node. When it dies nothing that it still does can be seen:
its disk refuses, its links are shut, and its tasks are cancelled only to get rid of them.
"""

import asyncio
import random
import shutil
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onionchat.node.node import Node
from onionchat.node.profile import Profile, create_profile, unlocked
from onionchat.node.verbs import VERBS
from onionchat.paths import locate
from onionchat.store.ending import Uptime
from onionchat.tor.address import UnixAddress, unix
from onionchat.types import Millis
from tests.simulation.disk import Disk, Killed
from tests.simulation.loop import HOST, Host
from tests.simulation.tor import Internet, Socket, Tor

if TYPE_CHECKING:
    from tests.simulation.world import World

PASSPHRASE = b"correct horse"
EPOCH = 1_800_000_000_000
"""Milliseconds: when the world begins."""

_WHERE = unix(Path("/nowhere"))


def _where(_: str) -> UnixAddress:
    """Nothing is listened at: links are handed over."""
    return _WHERE


Work = Callable[["Machine", Profile], Coroutine[Any, Any, None]]


class Life:
    """One process, from start to end. `profile`: None until the store is open."""

    def __init__(self, machine: "Machine") -> None:
        self.machine = machine
        self.over = False
        self.profile: Profile | None = None
        self.disk: Disk | None = None
        self.started = asyncio.Event()
        self.socket = Socket(machine.tor, self, machine.internet)
        self.group: asyncio.TaskGroup | None = None
        self.node: Node | None = None
        self.failure: BaseException | None = None

    def saw(self, what: str, *words: Any) -> None:
        if not self.over:
            self.machine.saw(what, *words)

    def die(self) -> None:
        """Killed between two instructions, or by its own disk at a commit."""
        self.end(silently=False)

    def end(self, *, silently: bool) -> None:
        if self.over:
            return
        self.over = True
        self.machine.fuse = None
        if not silently:
            self.socket.close()
        if self.disk is not None:
            self.disk.pull_out()
        self.machine.saw("down", "dead")
        self.task.cancel()

    async def run(self, works: list[Work]) -> None:
        """Until it is stopped, or dies. What else ends it is remembered as a failure."""
        try:
            await self._run(works)
        except BaseException as error:
            if not self.over:
                self.failure = error
                self.end(silently=False)
        else:
            if not self.over:
                self.machine.saw("down", "stopped")
                self.over = True
        finally:
            self.started.set()

    async def _run(self, works: list[Work]) -> None:
        machine = self.machine
        async with unlocked(machine.paths, PASSPHRASE) as profile:
            if profile.warning:
                self.saw("warning", profile.warning)
            profile.clock, profile.uptime = machine.clock, machine.uptime
            self.node = Node(profile, self.socket, _where, dial=True, slept=lambda: machine.slept)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self.node.run())
                starting = group.create_task(self.node.started.wait())
                await asyncio.wait((running, starting), return_when=asyncio.FIRST_COMPLETED)
                self.profile, self.group = profile, group
                self.saw("up")
                self.started.set()
                beside = [group.create_task(work(machine, profile)) for work in works]
                await asyncio.wait((running,))
                self.group = None  # who commands now finds no node
                starting.cancel()
                for task in beside:
                    task.cancel()

    task: asyncio.Task[None]


class Machine(Host):
    """`works`: what its person does while the node is up."""

    def __init__(self, name: str, directory: Path, world: "World") -> None:
        super().__init__()
        self.name = name
        self.world = world
        self.chance: random.Random = world.chance
        self.internet: Internet = world.internet
        self.paths = locate(directory, name, {})
        self.address = create_profile(self.paths, PASSPHRASE)
        self.onion = self.address.removesuffix(".onion")
        self.internet.names[self.onion] = name
        self.internet.addresses.add(self.onion)
        self.tor = Tor(name, world.internet)
        self.skew = 0
        self.boots = 0
        self.works: list[Work] = []
        self.life: Life | None = None
        self.blow = self._blow
        self._copies: list[Path] = []
        self.busy = False
        """Something has gone wrong with it, and goes on."""
        self._stalls = 0.0
        self._full = False

    def saw(self, what: str, *words: Any) -> None:
        self.world.trace.add(self.world.loop.now, self.name, what, *words)

    def clock(self) -> Millis:
        """Its wall clock, which may be wrong, and runs on while it sleeps."""
        return Millis(EPOCH + int(self.world.loop.now * 1000) + self.skew)

    def uptime(self) -> Uptime:
        """Its kernel's clock, which counts sleep, and begins anew with each boot."""
        return Uptime(self.boots.to_bytes(16), int(self.world.loop.now * 1000))

    def new_disk(self) -> Disk:
        assert self.life is not None
        disk = self.life.disk = Disk(self.life, self.world.loop, self.chance)
        disk.stalls, disk.full = self._stalls, self._full
        return disk

    def set_disk(self, *, full: bool | None = None, stalls: float | None = None) -> None:
        """What is wrong with the disk, under this node and those that come after it."""
        self._full = self._full if full is None else full
        self._stalls = self._stalls if stalls is None else stalls
        if self.life is not None and self.life.disk is not None:
            self.life.disk.full, self.life.disk.stalls = self._full, self._stalls

    @property
    def profile(self) -> Profile | None:
        """Of the node that runs now."""
        life = self.life
        return None if life is None or life.over else life.profile

    async def __call__(self, method: str, **params: Any) -> Any:
        """A verb, as a command of the person's; Killed if the node dies meanwhile."""
        life, profile = self.life, self.profile
        if life is None or profile is None or life.group is None:
            raise Killed
        answer: asyncio.Future[Any] = self.world.loop.create_future()

        async def call() -> None:
            """In a task of the machine's own, whose clock and disk are its."""
            verb = VERBS[method]
            try:
                result = await verb.call(profile, verb.params(**params))
            except Exception as error:
                give(answer.set_exception, error)
            else:
                give(answer.set_result, result)

        def give(how: Callable[[Any], None], what: Any) -> None:
            if not answer.done():  # whoever asked may have stopped waiting
                how(what)

        task = life.group.create_task(call(), context=self.context())
        task.add_done_callback(lambda _: give(answer.set_exception, Killed()))
        return await answer

    def context(self) -> Context:
        """In which whatever is started is the machine's."""
        context = copy_context()
        context.run(HOST.set, self)
        return context

    async def start(self) -> None:
        """Power on: tor if it does not run, and a new life of the node."""
        if not self.tor.running:
            self.tor.start()
        life = self.life = Life(self)
        life.task = self.world.loop.create_task(life.run(self.works), context=self.context())
        await life.started.wait()

    async def stop(self) -> None:
        """`onionchat down`: the node says goodbye, and tor goes with it."""
        life = self.life
        if life is None or life.over or life.node is None:
            return
        life.node.stop()
        await life.task
        self.tor.die()

    async def kill(self, *, power: bool) -> None:
        """SIGKILL, or the plug: then tor dies too, and nobody is told."""
        life = self.life
        if life is None:
            return
        if power and not life.over:
            self.tor.die(silently=True)
            self.boots += 1
        life.end(silently=power)
        await life.task

    def kill_in(self, steps: int) -> None:
        """Killed between two callbacks of this machine, so many from now."""
        self.fuse = steps

    def _blow(self) -> None:
        if self.life is not None:
            self.life.end(silently=False)

    def copy(self) -> None:
        """What somebody may put back later. The node must be down."""
        copied = self.world.directory / f"{self.name}.copy"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(self.paths.root, copied, ignore=shutil.ignore_patterns("run"))
        self._copies = [copied]

    def put_back(self) -> bool:
        """The disk as it was when it was copied."""
        if not self._copies:
            return False
        (copied,) = self._copies
        for name in ("store.db", "store.db-wal", "store.db-shm", "generation", "keyslot"):
            (self.paths.root / name).unlink(missing_ok=True)
            if (copied / name).exists():
                shutil.copy2(copied / name, self.paths.root / name)
        return True
