"""One control connection's worth of work: see what tor does, keep the wanted onions up.

One task and one queue: an event or a passed time, then whatever each onion's
`Publication` says is due. Everything here ends with the connection; what must outlive
it (the wanted onions, the status board) is handed in.

Withdrawing an onion or changing where it is delivered takes it down at once; putting it
up again waits out the pause that directories need.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from onionchat.errors import RefusedError
from onionchat.tor import onions
from onionchat.tor.control import Control
from onionchat.tor.control_errors import ControlLost, ControlRefused, one_line
from onionchat.tor.events import (
    ClockJumped,
    Descriptor,
    Event,
    Introduction,
    Lost,
    parse_bootstrap,
)
from onionchat.tor.health import Health
from onionchat.tor.onions import Onion
from onionchat.tor.publication import Action, Publication
from onionchat.tor.status import Board

ANNOUNCING = "announcing the address, which takes up to a minute"


class Steering:
    """`wanted` is looked at again after every event; `Control.nudge` makes one. `trouble`: a
    sentence to warn with while there is nothing worse."""

    def __init__(
        self,
        control: Control,
        wanted: Mapping[str, Onion],
        board: Board,
        trouble: str | None = None,
    ) -> None:
        self._control = control
        self._wanted = wanted
        self._board = board
        self._trouble = trouble
        self._up: dict[str, Onion] = {}
        self._publications: dict[str, Publication] = {}
        self._refusal: str | None = None

    async def run(self) -> None:
        """Until the connection ends: ControlLost. LocalError for a wrong key."""
        self._board.post(version=await self._version())
        self._health = await self._ask_health()
        while True:
            await self._act()
            self._report()
            for event in await self._events():
                self._take(event)

    # what tor says

    async def _version(self) -> str:
        return (await self._info("version")).split(" ")[0]

    async def _ask_health(self) -> Health:
        return Health(
            parse_bootstrap(await self._info("status/bootstrap-phase")),
            circuits=await self._info("status/circuit-established") == "1",
            version_status=await self._info("status/version/current"),
            bridges=await self._control.ask("GETCONF UseBridges") == ["UseBridges=1"],
            now=asyncio.get_running_loop().time(),
        )

    async def _info(self, key: str) -> str:
        """One key for each command: an unknown one would spoil the others."""
        return (await self._control.ask(f"GETINFO {key}"))[0].removeprefix(f"{key}=")

    async def _events(self) -> list[Event]:
        """The events there are, at least one unless an onion has something due first."""
        queue, events = self._control.events(), []
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._wake()):
                events.append(await queue.get())
        while not queue.empty():
            events.append(queue.get_nowait())
        return events

    def _take(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        match event:
            case Lost():
                raise ControlLost
            case Descriptor(service_id=service_id) if service_id in self._up:
                self._publications[service_id].take(event, now)
            case Introduction(circuit, stands, service_id):
                for name, publication in self._publications.items():
                    if not stands or name == service_id:
                        publication.introduction(circuit, now, stands=stands)
            case ClockJumped():
                for publication in self._publications.values():
                    publication.doubt(now)
            case _:
                self._health.take(event, now)

    # what we do

    def _wake(self) -> float | None:
        times = [self._publication(service_id).wake() for service_id in self._wanted]
        times.append(self._health.wake())
        return min((at for at in times if at is not None), default=None)

    def _publication(self, service_id: str) -> Publication:
        return self._publications.setdefault(service_id, Publication())

    async def _act(self) -> None:
        for service_id, onion in list(self._up.items()):
            if self._wanted.get(service_id) is not onion:
                await self._take_down(service_id)
        for onion in list(self._wanted.values()):
            publication = self._publication(onion.service_id)
            now = asyncio.get_running_loop().time()
            publication.ready(now, self._health.can_build)
            match publication.due(now):
                case Action.ADD:
                    await self._put_up(onion, publication)
                case Action.REMOVE:
                    await self._take_down(onion.service_id)

    async def _put_up(self, onion: Onion, publication: Publication) -> None:
        loop = asyncio.get_running_loop()
        try:
            if await onions.add(self._control, onion, self._board.status.version):
                self._up[onion.service_id] = onion
                publication.added(loop.time())
            else:
                publication.removed(loop.time())
            self._refusal = None
        except (RefusedError, ControlRefused) as refused:
            self._refusal = one_line(refused)
            publication.refused(loop.time())

    async def _take_down(self, service_id: str) -> None:
        await onions.remove(self._control, service_id)
        del self._up[service_id]
        self._publications[service_id].removed(asyncio.get_running_loop().time())

    def _report(self) -> None:
        self._health.look(asyncio.get_running_loop().time())
        published = frozenset(
            service_id for service_id in self._up if self._publications[service_id].published
        )
        announcing = None if published == self._wanted.keys() else ANNOUNCING
        self._board.post(
            state=self._health.state,
            bootstrap=self._health.percent,
            step=self._health.step or announcing,
            warning=self._refusal or self._health.warning or self._trouble,
            published=published,
        )
