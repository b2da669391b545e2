"""Ctrl-C, SIGTERM and SIGHUP end a command the same way, at any moment, without a traceback.

Inside `interruptible` each is a KeyboardInterrupt, so every `finally` runs and the end is
told. Before and after it, while modules load and while the interpreter goes, there is
nothing to clean up and nobody to catch it: the process leaves at once with the same exit
code. A signal that whoever started us wants ignored (`nohup`, a job in the background)
stays ignored.

The first milliseconds of the interpreter are Python's own, before any line of ours.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXIT_CODE = 130
"""Of errors.Interrupted, which is not loaded yet when this is needed first."""

Handler = Callable[[int, FrameType | None], object]


def leave_quietly() -> None:
    """From here on each of the signals ends the process without a word."""
    _handle(lambda *_: os._exit(_EXIT_CODE))


def leave(code: int) -> None:
    """The end is decided: a signal that comes while the interpreter cleans up changes nothing.

    After an interrupt nothing of it is left to clean up: everything has been unwound. Python
    would end itself by SIGINT instead of `code` if that came while it ran an `exec`.
    """
    _handle(signal.SIG_IGN)
    if code == _EXIT_CODE:
        os._exit(code)
    raise SystemExit(code)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, each of the signals raises KeyboardInterrupt."""
    before = _handle(signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle(handler: Handler | signal.Handlers) -> dict[signal.Signals, Handler | int | None]:
    """Install it; what was there before. Nothing, if we are not the program but a part of one."""
    before: dict[signal.Signals, Handler | int | None] = {}
    try:
        for number in _STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    except ValueError:  # only the main thread may
        pass
    return before
