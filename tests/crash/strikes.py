"""What happens to a victim: it is killed, or a call of it fails."""

import asyncio
import signal
from contextlib import suppress

from onionchat.errors import OnionchatError, UnreachableError, rebuild
from tests.crash import strace
from tests.crash.scenes import STARTING, Plot, Scene
from tests.crash.trial import printed
from tests.crash.verdict import KILL, Verdict

LASTS = 0.5
"""Seconds after which a failure that lasts is over."""


async def strike(plot: Plot, scene: Scene, verdict: Verdict) -> None:
    """Whatever the point asks for."""
    await (_kill if verdict.point.what == KILL else _fail)(plot, scene, verdict)


async def _kill(plot: Plot, scene: Scene, verdict: Verdict) -> None:
    point, threads = verdict.point, await scene.victim.marker()
    with strace.kill_at(threads[point.thread], point.call, point.nth):
        await scene.act_to_the_end(plot)
    verdict.reached = scene.victim.exit_code == -signal.SIGKILL
    verdict.check(not scene.refused, f"refused: {scene.refused}")


async def _fail(plot: Plot, scene: Scene, verdict: Verdict) -> None:
    """Meanwhile everything is done, or refused with a sentence; afterwards all goes on."""
    point, threads, written = verdict.point, await scene.victim.marker(), scene.directory / "trace"
    failing = (threads[point.thread], point.call, point.nth, point.what)
    with (
        strace.fail_at(*failing, lasting=point.lasting, to=written),
        suppress(TimeoutError, UnreachableError),  # of one call; it may answer the next
    ):
        async with asyncio.timeout(LASTS if point.lasting else None):
            await scene.act(plot)
    verdict.reached = strace.was_injected(written)
    if not scene.victim.is_gone and not plot.words:
        await _go_on(plot, scene, verdict)
    if scene.victim.is_gone:
        await scene.victim.gone()
        _check_end(plot, scene, verdict)
    for refused in scene.refused:
        _check_sentence(refused, verdict)


async def _go_on(plot: Plot, scene: Scene, verdict: Verdict) -> None:
    """As if nothing had been; or it ends because of what it found out only now."""
    if plot.stops is STARTING and not await scene.victim.ready():
        return
    try:
        await plot.again(scene)
        await scene.talk_on()
        verdict.check(await scene.call("outbox.list") == [], "something is stuck")
    except UnreachableError:
        await scene.victim.gone()


def _check_end(plot: Plot, scene: Scene, verdict: Verdict) -> None:
    """It has ended: as it was asked to, or with the reason."""
    victim = scene.victim
    if victim.exit_code == 0:
        return
    if plot.words:
        said = printed(scene.directory).splitlines()[-2:]
        told = len(said) == 2 and said[0].startswith("onionchat: ") and said[1].startswith("hint: ")
        verdict.check(
            told and victim.exit_code in _codes(verdict), f"it ended {victim.exit_code}: {said}"
        )
    elif victim.error is None:
        verdict.check(False, f"it ended {victim.exit_code} without a word")
    else:
        error = victim.error
        _check_sentence(rebuild(error["error"], error["message"], error.get("hint", "")), verdict)


def _check_sentence(error: OnionchatError, verdict: Verdict) -> None:
    told = error.exit_code in _codes(verdict) and error.message and error.hint
    verdict.check(bool(told), f"told as {error.name}: {error.message} {error.hint}")


def _codes(verdict: Verdict) -> tuple[int, ...]:
    """Refused, which is no bug; where a page could not be read for a moment it may be damaged."""
    return (8, 9) if verdict.point.call == "pread64" else (8,)
