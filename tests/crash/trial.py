"""One victim, from the copied profiles to the verdict.

It is struck at a point; its files are looked into as they lie there; it is started again,
and timed; both people say something more, everything must arrive; and once more its files.
"""

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onionchat.hardening import describe
from onionchat.node import backup
from tests.crash import scenes
from tests.crash.autopsy import examine, opens, texts
from tests.crash.nursery import Nursery
from tests.crash.profiles import AT_ITS_COST, BACKUP, OTHER, PASSPHRASE, PEER, VICTIM, place, up
from tests.crash.scenes import SCENES, Plot, Scene, node
from tests.crash.verdict import Verdict

Strike = Callable[[Plot, Scene, Verdict], Awaitable[None]]
"""What is done with a victim that waits at its marker."""


@dataclass
class Trial:
    """`directory` must not exist; if something was wrong it is left there to be looked at.
    `from_nothing`: who recovers is a new interpreter, and its passphrase is not cheap. `weak`:
    the node that is struck has this weakness."""

    nursery: Nursery
    templates: Path
    directory: Path
    verdict: Verdict
    from_nothing: bool = False
    weak: str | None = None

    @property
    def plot(self) -> Plot:
        return SCENES[self.verdict.point.scene]

    async def run(self, strike: Strike) -> Verdict:
        shutil.copytree(self.templates / self.plot.begins, self.directory, symlinks=True)
        try:
            async with asyncio.timeout(2 * scenes.STUCK):
                await self._run(strike)
        except TimeoutError as error:  # of the one that was cancelled by it: where it stood
            self.verdict.violations.append(f"it hangs: {describe(error.__cause__ or error)}")
        except Exception as error:
            self.verdict.violations.append(f"{describe(error)} {error}")
        if not self.verdict.violations:
            shutil.rmtree(self.directory)
        return self.verdict

    async def _run(self, strike: Strike) -> None:
        plot, verdict, start = self.plot, self.verdict, self.nursery.start
        order = {**plot.victim(), "stop_at": plot.stops[verdict.point.thread]}
        order |= {"weak": self.weak} if self.weak else {}
        async with up(self.directory, PEER) as peer:
            async with start(self.directory, **order) as victim:
                scene = Scene(self.directory, peer, victim)
                await strike(plot, scene, verdict)
            await self._look_at_the_dead(scene)
            if plot.words and not (self.directory / plot.makes).exists():
                await self._give_again(scene)
            with self._keyslot(scene):
                await self._recover(scene)
        for name, sent in ((VICTIM, scene.theirs), (PEER, scene.sent)):
            phrase = scene.phrase if name == VICTIM else PASSPHRASE
            found = await examine(place(self.directory, name), phrase)
            verdict.judge_end(name, found, sent, told=plot.told)

    async def _look_at_the_dead(self, scene: Scene) -> None:
        """On a copy, before the peer can say anything again that was lost here."""
        check = self.verdict.check
        made = (self.directory / self.plot.makes).exists()
        check(made or not scene.done, "what was done is not there")
        if self.plot.makes == BACKUP and made:
            backup.opened(backup.read(self.directory / BACKUP), OTHER)
        if not scene.paths.exists():
            return
        if not scene.done and opens(scene.paths, OTHER):
            scene.phrase = OTHER
        arrived = await scene.peer.profile.db.run(texts, "delivered")
        copy = shutil.copytree(scene.paths.root, self.directory / "a" / VICTIM, ignore=sockets)
        found = await examine(place(copy.parent, VICTIM), scene.phrase)
        check(not found.damage, f"damaged: {found.damage}")
        check(set(scene.sent) <= set(found.own), "a text that was acknowledged is lost")
        check(set(arrived) <= set(found.theirs), "a text that was receipted is lost")
        check(not set(scene.read) & set(found.unread), "a text that was read is unread")

    async def _give_again(self, scene: Scene) -> None:
        """The command, which had not got far enough."""
        async with self.nursery.start(self.directory, **self.plot.victim()) as victim:
            await victim.gone()
        self.verdict.check(victim.exit_code == 0, f"given again: {printed(self.directory)}")

    async def _recover(self, scene: Scene) -> None:
        """Start again; the talk goes on as if nothing had been."""
        check = self.verdict.check
        begin = time.monotonic()
        start = {**node(scene.phrase), "from_nothing": self.from_nothing}
        async with self.nursery.start(self.directory, **start) as victim:
            scene.victim = victim
            check(await victim.ready(), f"it does not start: {victim.error}")
            await scene.call("status")
            self.verdict.recovery = time.monotonic() - begin
            await self.plot.again(scene)
            await scene.talk_on()
            check(await scene.call("outbox.list") == [], "the victim has something stuck")
            check(await scene.peer("outbox.list") == [], "the peer has something stuck")
            await victim.end(signal.SIGTERM)
        check(victim.exit_code == 0, f"a clean stop ended with {victim.exit_code}")
        check(self.plot.told or not victim.warnings, f"a false alarm: {victim.warnings}")

    @contextmanager
    def _keyslot(self, scene: Scene) -> Iterator[None]:
        """The one at its cost, if it is to be."""
        ours, at_its_cost = scene.paths.keyslot, self.directory / AT_ITS_COST
        self.from_nothing &= at_its_cost.exists() and scene.phrase == PASSPHRASE
        before = ours.read_bytes()
        if self.from_nothing:
            ours.write_bytes(at_its_cost.read_bytes())
        yield
        ours.write_bytes(before)


def printed(directory: Path) -> str:
    """By a command."""
    return (directory / "printed").read_text()


def sockets(_: str, names: list[str]) -> list[str]:
    """What is not copied with a profile."""
    return [name for name in names if name == "run"]
