"""What goes wrong in a run, drawn from its seed: which kinds, how often, for how long.

Each run has a random part of the kinds, so that some meet one fault a thousand times and
others meet them all at once. A fault is noted before it strikes; whatever it leaves behind
is put right by `heal` when the quiet phase begins, but for wrong clocks: those stay.
"""

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from onionchat.node.clock import pause
from tests.simulation import partings
from tests.simulation.machine import Machine
from tests.simulation.wire import Circuit

if TYPE_CHECKING:
    from tests.simulation.world import World

HOUR = 3600.0
DAY = 24 * HOUR
JUMPS = (1.0, 60.0, HOUR, DAY, 30 * DAY, 400 * DAY)
"""Seconds by which a clock is put forward or back."""

Fault = Callable[["World", Machine], Awaitable[None]]
Quarrel = Callable[[Machine, str], Awaitable[None]]


async def kill(world: "World", machine: Machine) -> None:
    """SIGKILL between any two steps of the process."""
    machine.kill_in(int(_between(world, 1, 3000)))


async def kill_at_commit(world: "World", machine: Machine) -> None:
    """Right before a transaction is on the disk, or right after."""
    if machine.life is not None and machine.life.disk is not None:
        machine.life.disk.die_at = world.chance.randrange(12)
        machine.life.disk.die_before = world.chance.random() < 0.5


async def power_cut(world: "World", machine: Machine) -> None:
    await machine.kill(power=True)


async def stop(world: "World", machine: Machine) -> None:
    await machine.stop()


async def put_back(world: "World", machine: Machine) -> None:
    """An old copy of the disk; the next stop makes another."""
    await machine.stop()
    if machine.put_back():
        machine.saw("restored")
    else:
        machine.copy()
        machine.saw("copied")


async def tor_dies(world: "World", machine: Machine) -> None:
    machine.tor.die()
    await pause(_between(world, 1, 90))
    if not machine.tor.running and machine.profile is not None:
        machine.tor.start()


async def tor_hangs(world: "World", machine: Machine) -> None:
    """It answers nothing, and its connections are dead when it goes on."""
    machine.tor.hung = True
    machine.tor.drop(silently=True)
    await pause(_between(world, 5, 0.5 * HOUR))
    machine.tor.hung = False


async def offline(world: "World", machine: Machine) -> None:
    """No network. tor may notice afterwards that its connections are dead, or not."""
    machine.tor.online = False
    ends = [*machine.tor.ends]
    machine.tor.drop(silently=True)
    await pause(_between(world, 5, 2 * HOUR))
    machine.tor.online = True
    if world.chance.random() < 0.5:
        for end in ends:
            end.hang_up()


async def asleep(world: "World", machine: Machine) -> None:
    """The lid is closed. Afterwards tor may notice, or not."""
    ends = [*machine.tor.ends]
    machine.tor.drop(silently=True)
    machine.tor.online = False
    world.loop.sleep(machine)
    await pause(_between(world, 5, 8 * HOUR))
    world.loop.wake(machine)
    machine.tor.online = True
    if world.chance.random() < 0.5:
        for end in ends:
            end.hang_up()


async def clock_jumps(world: "World", machine: Machine) -> None:
    machine.skew += int(world.chance.choice((-1, 1)) * world.chance.choice(JUMPS) * 1000)


async def disk_full(world: "World", machine: Machine) -> None:
    machine.set_disk(full=True)
    await pause(_between(world, 5, 0.5 * HOUR))
    machine.set_disk(full=False)


async def disk_slow(world: "World", machine: Machine) -> None:
    machine.set_disk(stalls=0.2)
    await pause(_between(world, 30, HOUR))
    machine.set_disk(stalls=0.0)


async def link_breaks(world: "World", machine: Machine) -> None:
    for circuit in _circuits(machine):
        circuit.break_()


async def link_silent(world: "World", machine: Machine) -> None:
    for circuit in _circuits(machine):
        circuit.silent = True


async def link_clogs(world: "World", machine: Machine) -> None:
    for circuit in _circuits(machine):
        circuit.clogged_until = world.loop.now + _between(world, 1, 200)


async def link_changed(world: "World", machine: Machine) -> None:
    """Somebody on the way changes a bit of what is said next."""
    for circuit in _circuits(machine):
        circuit.corrupt = True


async def way_closed(world: "World", machine: Machine) -> None:
    """No circuit comes about from one machine to another, for a while."""
    other = world.chance.choice([each for each in world.machines if each is not machine])
    way = machine.name, other.name
    world.internet.cut.add(way)
    await pause(_between(world, 60, 3 * HOUR))
    world.internet.cut.discard(way)


async def descriptor_lost(world: "World", machine: Machine) -> None:
    for onion, name in world.internet.names.items():
        if name == machine.name:
            world.internet.announced.pop(onion, None)


async def blocked(world: "World", machine: Machine) -> None:
    """Somebody is blocked, for a while."""
    await _falls_out(world, machine, partings.block)


async def removed(world: "World", machine: Machine) -> None:
    """Somebody is removed, and later asked again."""
    await _falls_out(world, machine, partings.remove)


async def hidden(world: "World", machine: Machine) -> None:
    """The address is off; contacts do not need it."""
    await partings.done(partings.hide(machine))
    world.beside(_later(world, partings.show, machine))


async def _falls_out(world: "World", machine: Machine, how: Quarrel) -> None:
    other = world.chance.choice(world.friends_of(machine))
    if (pair := frozenset((machine, other))) in world.apart:
        return
    world.apart.add(pair)
    await partings.done(how(machine, other.name))

    async def make_up() -> None:
        await partings.make_up(machine, other)
        world.apart.remove(pair)

    world.beside(_later(world, make_up))


async def _later(world: "World", work: Callable[..., Awaitable[None]], *whose: Machine) -> None:
    await pause(_between(world, 60, 2 * HOUR))
    await work(*whose)


KINDS: tuple[Fault, ...] = (
    *(kill, kill_at_commit, power_cut, stop, put_back),
    *(tor_dies, tor_hangs, offline, asleep, clock_jumps, disk_full, disk_slow),
    *(link_breaks, link_silent, link_clogs, link_changed, way_closed, descriptor_lost),
    *(blocked, removed, hidden),
)
RARE: dict[Fault, float] = {
    put_back: 0.2,
    clock_jumps: 0.5,
    blocked: 0.2,
    removed: 0.2,
    hidden: 0.5,
}
"""How often these come, beside one of the others."""


async def strike(world: "World", kinds: list[Fault], pause_between: float) -> None:
    """For ever: one fault after the other, each in its own time."""
    weights = [RARE.get(kind, 1.0) for kind in kinds]
    while True:
        await pause(world.chance.expovariate(1 / pause_between))
        (fault,) = world.chance.choices(kinds, weights)
        machine = world.chance.choice(world.machines)
        if machine.busy or machine.life is None:
            continue
        machine.saw("fault", fault.__name__)
        world.beside(_strike(fault, world, machine))


async def _strike(fault: Fault, world: "World", machine: Machine) -> None:
    machine.busy = True
    try:
        await fault(world, machine)
    finally:
        machine.busy = False


def heal(world: "World") -> None:
    """Everything that was put out of order works again."""
    world.internet.cut.clear()
    world.internet.weather = 0.0
    for machine in world.machines:
        if machine.asleep_since is not None:
            world.loop.wake(machine)
        machine.fuse = None
        machine.busy = False
        machine.tor.online, machine.tor.hung = True, False
        machine.set_disk(full=False, stalls=0.0)
        if machine.life is not None and machine.life.disk is not None:
            machine.life.disk.die_at = None


def _circuits(machine: Machine) -> list[Circuit]:
    """About half of those that the machine has."""
    ends = machine.tor.ends
    return [end.circuit for end in ends if machine.chance.random() < 0.5] if ends else []


def _between(world: "World", low: float, high: float) -> float:
    """Log-uniform: short is as likely as long."""
    return math.exp(world.chance.uniform(math.log(low), math.log(high)))
