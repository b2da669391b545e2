"""An event loop in virtual time: nothing waits, the clock jumps to what is due next.

Every callback belongs to a machine, or to the world outside (`HOST`, which a task hands on
to what it starts). A machine's clock stands still while it sleeps, as Linux's monotonic
clock does: what was due in the meantime is due later. A machine's callbacks can be counted,
so that it dies between any two of them.

The order of callbacks is the same in each run of a seed: ties are broken by who came first,
and tasks have a hash that is not their place in memory, because asyncio keeps them in sets.
"""

import asyncio
import heapq
import math
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Host:
    """A machine as the loop knows it. `slept`: seconds for which its clock stood still;
    `fuse`: after so many callbacks `blow` is called, between two of them."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.asleep_since: float | None = None
        self.parked: list[asyncio.Handle] = []
        self.fuse: int | None = None
        self.blow: Callable[[], None] = lambda: None

    def time(self, now: float) -> float:
        """What its monotonic clock shows."""
        return (now if self.asleep_since is None else self.asleep_since) - self.slept


TICKS = 1 << 20
HOST: ContextVar[Host | None] = ContextVar("host", default=None)
_OUTSIDE = Context()


class Deadlock(Exception):  # noqa: N818 - what has happened
    """Nothing will ever happen again, and somebody waits."""


class VirtualLoop(asyncio.BaseEventLoop):
    """`now`: seconds since the world began. `steps`: callbacks that have run."""

    _ready: Any
    _scheduled: list[tuple[float, int, asyncio.TimerHandle]]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self._timers = count()
        self.set_task_factory(_numbered_task)  # type: ignore[arg-type] # a task like any other

    def time(self) -> float:
        host = HOST.get()
        return self.now if host is None else host.time(self.now)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        host = HOST.get() if context is None else context.get(HOST)
        due = _tick(when) + (0.0 if host is None else host.slept)
        return self._schedule(asyncio.TimerHandle(due, callback, args, self, context))

    def outside(self, delay: float, callback: Callable[..., object], *args: Any) -> None:
        """After so many seconds of the world, on no machine, whoever asks and sleeps."""
        due = _tick(self.now + delay)
        self._schedule(asyncio.TimerHandle(due, callback, args, self, _OUTSIDE))

    def _schedule(self, timer: asyncio.TimerHandle) -> asyncio.TimerHandle:
        heapq.heappush(self._scheduled, (timer.when(), next(self._timers), timer))
        return timer

    def sleep(self, host: Host) -> None:
        """From now on this machine does nothing and its clock stands still."""
        host.asleep_since = self.now

    def wake(self, host: Host) -> None:
        """It goes on where it was."""
        assert host.asleep_since is not None
        pause, host.asleep_since = self.now - host.asleep_since, None
        host.slept += pause
        self._scheduled = [
            (when + pause if _host_of(timer) is host else when, number, timer)
            for when, number, timer in self._scheduled
        ]
        heapq.heapify(self._scheduled)
        self._ready.extend(host.parked)
        host.parked.clear()

    def _run_once(self) -> None:
        if not self._ready:
            self._next_moment()
        for _ in range(len(self._ready)):
            self._step(self._ready.popleft())

    def _next_moment(self) -> None:
        """Put the clock forward to the next timer."""
        timers = self._scheduled
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise Deadlock
        self.now = max(self.now, timers[0][0])
        while timers and timers[0][0] <= self.now:
            self._ready.append(heapq.heappop(timers)[2])

    def _step(self, handle: asyncio.Handle) -> None:
        if handle.cancelled():
            return
        host = _host_of(handle)
        if host is not None and host.asleep_since is not None:
            host.parked.append(handle)
            return
        if host is not None and host.fuse is not None:
            host.fuse -= 1
            if host.fuse < 0:
                host.fuse = None
                host.blow()
        self.steps += 1
        handle._run()

    def _timer_handle_cancelled(self, _: asyncio.TimerHandle) -> None:
        """It is dropped when its time comes."""

    def _write_to_self(self) -> None:
        """There is one thread, and it is awake."""

    def _process_events(self, _: Any) -> None:
        """There is no selector."""


def _tick(moment: float) -> float:
    """The next multiple of 2**-20 s. Sums and differences of those are exact, so that a timer
    of a machine that has slept is never an instant early, and then early for ever."""
    return math.ceil(moment * TICKS) / TICKS


def _host_of(handle: asyncio.Handle) -> Host | None:
    context: Context = handle._context  # type: ignore[attr-defined]
    return context.get(HOST)


class _Task(asyncio.Task[Any]):
    """A task whose hash is its number."""

    _numbers = count()
    _number: int

    def __new__(cls, *_: Any, **__: Any) -> "_Task":
        task = super().__new__(cls)
        task._number = next(cls._numbers)
        return task

    def __hash__(self) -> int:
        return self._number


def _numbered_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
) -> _Task:
    return _Task(coroutine, loop=loop, **options)
