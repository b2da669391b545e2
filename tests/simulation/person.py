"""Who sits at a machine: writes now and then, reads now and then, takes something back.

What they do goes to the trace: `tried` before they press return, `accepted` when the program
says that it is safe, `shown` when they see a text, `read` when the program knows that they
have. A text says who wrote to whom and which it is, so that the checker can tell them apart.
"""

from contextlib import suppress
from typing import Never

from onionchat.errors import OnionchatError, RefusedError, UserError
from onionchat.node.clock import pause, wait
from onionchat.node.profile import Profile
from onionchat.node.verbs import VERBS
from onionchat.node.verbs.messages import AckParams, ReceiveParams
from tests.simulation.disk import Killed
from tests.simulation.machine import Machine

BURST = 0.008
"""How often somebody has much to say at once ..."""
MUCH = 90
"""... which is more than one transaction of the outbox takes."""
REGRET = 0.03


class Person:
    """`pause`: seconds between two texts of theirs, on average."""

    def __init__(self, machine: Machine, pause: float) -> None:
        self.machine = machine
        self.name = machine.name
        self.friends: list[str] = []
        self._pause = pause
        self._chance = machine.chance
        self._written = 0
        machine.works.append(self.read)

    async def write(self) -> Never:
        """For ever; while the machine is off there is nobody to write."""
        while True:
            await pause(self._chance.expovariate(1 / self._pause))
            if self.machine.profile is None or self.machine.asleep_since is not None:
                continue
            count = self._chance.randrange(2, MUCH) if self._chance.random() < BURST else 1
            friend = self._chance.choice(self.friends)
            with suppress(Killed):
                for _ in range(count):
                    await self._send(friend)

    async def greet(self) -> None:
        """A word to everybody: so that each two have met since whatever went wrong."""
        for friend in self.friends:
            await self._send(friend)

    async def _send(self, friend: str) -> None:
        self._written += 1
        text = f"{self.name}>{friend} {self._written}"
        self.machine.saw("tried", text)
        try:
            sent = await self.machine("send", name=friend, text=text)
        except UserError as error:
            self.machine.saw("refused", text, error.name)
            return
        self.machine.saw("accepted", text)
        if self._chance.random() < REGRET:
            self.machine.saw("regrets", text)
            with suppress(RefusedError, OnionchatError):
                await self.machine("outbox.cancel", id=sent.id)

    async def read(self, machine: Machine, profile: Profile) -> None:
        """Whatever is unread, a while after it has come, and now and then all the same."""
        while True:
            changed = profile.feed.next_change()
            with suppress(UserError):
                if await self._read_once(machine, profile):
                    continue
            await wait(changed, self.machine.world.loop.time() + 600)
            await pause(self._chance.expovariate(1 / 60))

    async def _read_once(self, machine: Machine, profile: Profile) -> bool:
        rows = await VERBS["receive"].call(profile, ReceiveParams())
        for row in rows:
            if row.kind != "notice":
                machine.saw("shown", row.text, row.contact, row.missing, row.late)
        if rows:
            await pause(self._chance.uniform(0.0, 5.0))
            await VERBS["receive.ack"].call(profile, AckParams([row.cursor for row in rows]))
            for row in rows:
                machine.saw("read", row.text)
        return bool(rows)
