"""One run: a few people become friends, a day of faults, then quiet until all is well.

begin    profiles are made, people ask and accept; nothing goes wrong
faults   people write, things break, everybody comes back sooner or later
quiet    nothing breaks, everybody makes up and says a last word: within QUIET all must have arrived
end      what is left waiting, and every conversation as each side has it
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from onionchat.node.clock import pause
from tests.crash.profiles import cheaply
from tests.simulation import chance, disk, faults, keys, partings
from tests.simulation.faults import Fault
from tests.simulation.loop import VirtualLoop
from tests.simulation.machine import Machine
from tests.simulation.person import Person
from tests.simulation.tor import Internet
from tests.simulation.trace import Trace

NAMES = ("anna", "ben", "cleo", "dirk", "eva")
QUIET = 2 * 3600.0
MESSAGES_PER_HOUR = (60.0, 90.0)
FAULTS_PER_HOUR = (10.0, 25.0)
WEATHER = 0.02
"""How often a way does not come about, for no reason."""
INVITED = 0.3
"""How often two become contacts by an invite, and not by a request."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it


@dataclass(frozen=True)
class Plan:
    """What a seed stands for. `kinds` and `often`: of faults, instead of what is drawn."""

    seed: int
    hours: float = 24.0
    kinds: tuple[Fault, ...] | None = None
    often: tuple[float, float] = FAULTS_PER_HOUR


class World:
    """`chance` is the world's; the program draws from another."""

    def __init__(self, plan: Plan, directory: Path, trace: Trace, chance: Random) -> None:
        self.plan = plan
        self.directory = directory
        self.trace = trace
        self.chance = chance
        self.loop = VirtualLoop()
        self.internet = Internet(self.loop, chance)
        self.machines: list[Machine] = []
        self.people: list[Person] = []
        self.apart: set[frozenset[Machine]] = set()
        """Two who have fallen out, and not made up yet."""
        self._group: asyncio.TaskGroup | None = None
        self._background: list[asyncio.Task[None]] = []

    def note(self, what: str, *words: Any) -> None:
        self.trace.add(self.loop.now, "world", what, *words)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on beside everything else, until the quiet phase."""
        assert self._group is not None
        self._background.append(self._group.create_task(work))

    def friends_of(self, machine: Machine) -> list[Machine]:
        (person,) = [each for each in self.people if each.machine is machine]
        return [each for each in self.machines if each.name in person.friends]

    async def run(self) -> None:
        self.note("phase", "begin")
        await self.begin()
        self.note("phase", "faults")
        await self._faults()
        self.note("phase", "quiet")
        await self._quiet()
        self.note("phase", "end")
        await self._end()

    def make(self, count: int | None = None) -> None:
        """The machines, before the loop runs: a profile is made with a loop of its own."""
        count = count or self.chance.choice((2, 2, 2, 3, 3, 4, 5))
        rate = self.chance.uniform(*MESSAGES_PER_HOUR) / count
        for name in NAMES[:count]:
            machine = Machine(name, self.directory, self)
            self.machines.append(machine)
            self.people.append(Person(machine, 3600 / rate))

    async def begin(self) -> None:
        for machine in self.machines:
            await machine.start()
        while not all(self.internet.reachable(machine.onion) for machine in self.machines):
            await pause(1)
        await pause(60)  # until everybody's descriptor is there
        for number, one in enumerate(self.people):
            for other in self.people[number + 1 :]:
                if number == 0 or self.chance.random() < 0.5:
                    await self._befriend(one, other)

    async def _befriend(self, one: Person, other: Person) -> None:
        here, there = one.machine, other.machine
        if self.chance.random() < INVITED:
            await self._invite(there, here)
        else:
            await self._ask(here, there)
        one.friends.append(other.name)
        other.friends.append(one.name)
        self.note("friends", one.name, other.name)

    async def _ask(self, here: Machine, there: Machine) -> None:
        await here("contact.add", name=there.name, address=there.address, text="it is me")
        while not (asked := await there("request.list")):
            await pause(5)
        await there("request.accept", who=str(asked[0].number), name=here.name)
        while (await here("contact.show", name=there.name)).state != "contact":
            await pause(5)

    async def _invite(self, host: Machine, guest: Machine) -> None:
        made = await host("invite.make", name=guest.name)
        while (invites := (await host("status")).invites).published < invites.total:
            await pause(5)
        await pause(60)  # until its descriptor is there
        await guest("contact.add", name=host.name, address=made.invite)
        while guest.name not in {row.name for row in await host("contact.list")}:
            await pause(5)

    async def _faults(self) -> None:
        self.internet.weather = WEATHER
        kinds = self.plan.kinds or self._some_kinds()
        self.note("kinds", *(kind.__name__ for kind in kinds))
        between = 3600 / self.chance.uniform(*self.plan.often)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for person in self.people:
                self.beside(person.write())
            for machine in self.machines:
                self.beside(self._keep(machine))
            self.beside(faults.strike(self, list(kinds), between))
            await pause(self.plan.hours * 3600)
            for task in self._background:
                task.cancel()
        faults.heal(self)

    def _some_kinds(self) -> tuple[Fault, ...]:
        share = self.chance.uniform(0.2, 1.0)
        some = tuple(kind for kind in faults.KINDS if self.chance.random() < share)
        return some or (faults.kill,)

    async def _keep(self, machine: Machine) -> None:
        """A machine that is down comes back: mostly soon, sometimes after hours."""
        while True:
            life = machine.life
            assert life is not None
            await asyncio.wait({life.task})
            if life.failure is not None:
                raise life.failure
            await pause(self.chance.choice((1, 5, 30, 200, 1500, 7000)) * self.chance.random())
            while machine.busy:
                await pause(5)
            if machine.life is life:
                await machine.start()

    async def _quiet(self) -> None:
        for machine in self.machines:
            if machine.life is not None:
                await asyncio.wait({machine.life.task}, timeout=0 if machine.profile else None)
            if machine.profile is None:
                await machine.start()
            elif not machine.tor.running:
                machine.tor.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET):
                await self._make_up()
                await self._until_all_is_well()
                for person in self.people:  # not before: a new text wakes what would wait for ever
                    await person.greet()
                await self._until_all_is_well()
        await pause(30)  # whoever has read a text has yet to say so

    async def _make_up(self) -> None:
        """Everybody is found again, by everybody who was a friend."""
        for machine in self.machines:
            await partings.show(machine)
        for one in self.machines:
            for other in self.friends_of(one):
                await partings.make_up(one, other)

    async def _until_all_is_well(self) -> None:
        """Not at once: what was taken back may be on its way and arrive all the same."""
        await pause(15)
        while not await self._all_is_well():
            await pause(15)

    async def _all_is_well(self) -> bool:
        for machine in self.machines:
            if await machine("outbox.list") or (await machine("status")).unread:
                return False
        return True

    async def _end(self) -> None:
        for machine in self.machines:
            for row in await machine("outbox.list"):
                machine.saw("outbox", row.contact, row.state, row.reason)
        for person in self.people:
            for friend in person.friends:
                for row in await _history(person.machine, friend):
                    if row.kind != "notice":
                        person.machine.saw("history", friend, row.direction, row.text, row.state)
        for machine in self.machines:
            await machine.stop()


Story = Callable[[World], Coroutine[Any, Any, None]]


async def _history(machine: Machine, friend: str) -> list[Any]:
    rows: list[Any] = []
    before = None
    while page := await machine("history", name=friend, limit=500, before=before):
        rows = page + rows
        before = page[0].id
    return rows


def run(plan: Plan, *, everything: bool = False) -> Trace:
    """The trace of this seed's run."""
    begin = time.process_time()
    trace = Trace(everything=everything)
    play(plan, trace, World.run)
    trace.seconds = time.process_time() - begin
    return trace


def play(plan: Plan, trace: Trace, story: Story, *, machines: int | None = None) -> None:
    """Whatever happens in a world of this seed."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(
            prefix="onionchat-simulation-", dir=MEMORY if MEMORY.is_dir() else None
        ) as directory,
        _no_collection(),
    ):
        world = World(plan, Path(directory), trace, chance.begin(patch, plan.seed))
        cheaply(patch)
        keys.watch(patch, lambda: world.note("key twice"))
        world.make(machines)
        disk.install(patch)
        with asyncio.Runner(loop_factory=lambda: world.loop) as runner:
            runner.run(story(world))


@contextmanager
def _no_collection() -> Iterator[None]:
    """What a collector finds, and when, depends on what ran before; a run must not."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
