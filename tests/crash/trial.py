"""One victim, from the copied profiles to the verdict.

Killed at a point; its files are looked into as they lie there; it is started again, and
timed; both people say something more, everything must arrive; and once more its files.
"""

import asyncio
import shutil
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from onionchat.errors import UnreachableError
from onionchat.hardening import describe
from tests.crash import strace
from tests.crash.autopsy import Findings, examine, texts
from tests.crash.nursery import Nursery, Victim
from tests.crash.profiles import HELLO, PEER, VICTIM, place, up
from tests.crash.scenes import SCENES, Scene

STUCK = 60.0
"""Seconds after which something that should arrive is stuck; on an idle machine it takes 0.1."""
THREADS = ("main", "store")


@dataclass(frozen=True)
class Point:
    """The `nth` time that this thread of the victim makes this call."""

    scene: str
    thread: str
    call: str
    nth: int


@dataclass
class Verdict:
    """`reached`: the victim got as far as this point. `recovery` in seconds."""

    point: Point
    reached: bool = False
    recovery: float = 0.0
    violations: list[str] = field(default_factory=list)

    def check(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.violations.append(sentence)


async def kill(nursery: Nursery, templates: Path, directory: Path, point: Point) -> Verdict:
    """`directory` must not exist; if something was wrong it is left there to be looked at."""
    shutil.copytree(templates / SCENES[point.scene].begins, directory, symlinks=True)
    verdict = Verdict(point)
    try:
        async with asyncio.timeout(2 * STUCK):
            await _trial(nursery, directory, verdict)
    except Exception as error:
        verdict.violations.append(f"{describe(error)} {error}")
    if not verdict.violations:
        shutil.rmtree(directory)
    return verdict


async def points(nursery: Nursery, templates: Path, directory: Path, scene: str) -> list[Point]:
    """Every place where a victim of this scene can be killed: one is let live, and counted."""
    shutil.copytree(templates / SCENES[scene].begins, directory, symlinks=True)
    records = {thread: directory / thread for thread in THREADS}
    async with (
        up(directory, PEER) as peer,
        nursery.start("node", directory, stop_here=True) as victim,
        asyncio.timeout(STUCK),
    ):
        threads = await victim.marker()
        with ExitStack() as tracing:
            for thread, to in records.items():
                tracing.enter_context(strace.record(threads[thread], to))
            await _act(Scene(directory, peer, victim), scene)
    found = [
        Point(scene, thread, call, nth)
        for thread, to in records.items()
        for call, count in strace.count(to).items()
        for nth in range(1, count + 1)
    ]
    shutil.rmtree(directory)
    return found


async def _trial(nursery: Nursery, directory: Path, verdict: Verdict) -> None:
    point = verdict.point
    async with up(directory, PEER) as peer:
        async with nursery.start("node", directory, stop_here=True) as victim:
            scene = Scene(directory, peer, victim)
            threads = await victim.marker()
            with strace.kill_at(threads[point.thread], point.call, point.nth):
                await _act(scene, point.scene)
                verdict.reached = victim.exit_code == -signal.SIGKILL
        await _look_at_the_dead(scene, verdict)
        await _recover(nursery, scene, verdict)
    for name, sent in ((VICTIM, scene.theirs), (PEER, scene.sent)):
        _judge_end(name, await examine(place(directory, name)), sent, verdict)


async def _act(scene: Scene, name: str) -> None:
    """Until everything has been done, or the victim has gone."""
    scene.victim.go_on()
    try:
        await SCENES[name].act(scene)
    except UnreachableError:
        await scene.victim.gone()
    if scene.victim.is_gone:
        await scene.victim.gone()


async def _look_at_the_dead(scene: Scene, verdict: Verdict) -> None:
    """On a copy, before the peer can say anything again that was lost here."""
    arrived = await scene.peer.profile.db.run(texts, "delivered")
    copy = scene.directory / "autopsy"
    shutil.copytree(place(scene.directory, VICTIM).root, copy / VICTIM, ignore=sockets)
    found = await examine(place(copy, VICTIM))
    verdict.check(not found.damage, f"damaged: {found.damage}")
    verdict.check(set(scene.sent) <= set(found.own), "a text that was acknowledged is lost")
    verdict.check(set(arrived) <= set(found.theirs), "a text that was receipted is lost")
    verdict.check(not set(scene.read) & set(found.unread), "a text that was read is unread")


async def _recover(nursery: Nursery, scene: Scene, verdict: Verdict) -> None:
    """Start again; the talk goes on as if nothing had been."""
    begin = time.monotonic()
    async with nursery.start("node", scene.directory) as victim:
        scene.victim = victim
        await victim.ready()
        await scene.call("status")
        verdict.recovery = time.monotonic() - begin
        await SCENES[verdict.point.scene].again(scene)
        for number in range(2):
            await scene.send(f"mine again {number}", wait="delivered", timeout=STUCK)
            await scene.send_to_victim(f"theirs again {number}", wait="delivered", timeout=STUCK)
        verdict.check(await scene.call("outbox.list") == [], "the victim has something stuck")
        verdict.check(await scene.peer("outbox.list") == [], "the peer has something stuck")
        await _stop(victim, verdict)


async def _stop(victim: Victim, verdict: Verdict) -> None:
    await victim.end(signal.SIGTERM)
    verdict.check(victim.exit_code == 0, f"a clean stop ended with {victim.exit_code}")
    verdict.check(not victim.warnings, f"a false alarm: {victim.warnings}")


def _judge_end(name: str, found: Findings, sent: list[str], verdict: Verdict) -> None:
    """`sent`: what must have come in here; more may have been tried."""
    came = [text for text in found.theirs if text != HELLO]
    verdict.check(set(sent) <= set(came), f"{name}: lost: {set(sent) - set(came)}")
    verdict.check(len(set(came)) == len(came), f"{name}: shown twice: {came}")
    verdict.check(sorted(came) == came, f"{name}: out of order: {came}")
    verdict.check(not found.damage, f"{name}: damaged: {found.damage}")
    verdict.check(not found.notices, f"{name}: a false alarm: {found.notices}")
    verdict.check(not found.gaps, f"{name}: a gap")


def sockets(_: str, names: list[str]) -> list[str]:
    """What is not copied with a profile."""
    return [name for name in names if name == "run"]
