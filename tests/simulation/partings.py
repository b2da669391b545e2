"""People who fall out, or hide: somebody is blocked, removed, or an address is off; and how it is
made up for.

Whoever was removed still has the other as a contact, and their node says yes by itself when they
are asked again. What was said before may be gone on one side: who removes somebody says so to the
trace before ("parting"), and when it is done ("shut out"), and before anything that undoes it
("lets in"). Who blocks somebody forgets nothing, but may die when it is done and not yet said, and
says "falls out" before.
"""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from onionchat.errors import UserError
from onionchat.node.clock import pause
from tests.simulation.disk import Killed
from tests.simulation.machine import Machine

LOOK = 20.0
PATIENCE = 900.0
"""Seconds after which a request that was not answered is taken for lost, and made anew: the node
itself would offer it again after a day."""


async def block(machine: Machine, name: str) -> None:
    machine.saw("falls out", name)
    await machine("contact.block", name=name)
    machine.saw("shut out", name)


async def remove(machine: Machine, name: str) -> None:
    machine.saw("parting", name)
    await machine("contact.remove", name=name)
    machine.saw("shut out", name)


async def hide(machine: Machine) -> None:
    await machine("reachable", state="off")
    machine.saw("hidden")


async def show(machine: Machine) -> None:
    """However often the node dies meanwhile, or an old disk is put back."""
    machine.saw("found")
    while not await done(machine("reachable", state="on")):
        await pause(LOOK)
        machine.saw("found")


async def make_up(one: Machine, other: Machine) -> None:
    """Until each has the other as a contact."""
    one.saw("lets in", other.name)
    other.saw("lets in", one.name)
    since = one.world.loop.now
    while not (await _is_contact(one, other) and await _is_contact(other, one)):
        if one.world.loop.now - since > PATIENCE:
            await done(_take_back(one, other))
            since = one.world.loop.now
        for here, there in ((one, other), (other, one)):
            await done(_let_in(here, there))
        await pause(LOOK)


async def done(work: Awaitable[Any]) -> bool:
    """False: the node died meanwhile, or its disk is full."""
    with suppress(Killed, UserError):
        await work
        return True
    return False


async def _let_in(here: Machine, there: Machine) -> None:
    state = await _state(here, there)
    if state in ("blocked", None):
        here.saw("lets in", there.name)
    if state == "blocked":
        await here("contact.unblock", name=there.name)
    elif state is None:
        here.saw("lets in", there.name)  # once more, where a request was taken back
        await here("contact.add", name=there.name, address=there.address)


async def _take_back(here: Machine, there: Machine) -> None:
    """A request that went astray."""
    for one, other in ((here, there), (there, here)):
        if await _state(one, other) == "requested":
            await remove(one, other.name)


async def _is_contact(here: Machine, there: Machine) -> bool:
    with suppress(Killed):
        return await _state(here, there) == "contact"
    return False


async def _state(here: Machine, there: Machine) -> str | None:
    rows = await here("contact.list")
    return next((row.state for row in rows if row.name == there.name), None)
