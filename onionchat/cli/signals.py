"""Ctrl-C, SIGTERM and SIGHUP end a command the same way, at any moment, without a traceback.

Inside `interruptible` each is a KeyboardInterrupt, so every `finally` runs and the end is
told. Before and after it, while modules load and while the interpreter goes, there is
nothing to clean up and nobody to catch it: the process leaves at once with the same exit
code. A hang-up or a Ctrl-C that whoever started us wants ignored (`nohup`, a job in the
background) stays ignored. SIGTERM never is, and none stays blocked: both come from a
starter that forgot to set its own signals back (some runners of CI do), and a node that
`down` cannot end would be left.

An import is not interrupted but finished first: extension modules that are torn in the
middle of their start print what a person should not see. Nor does an interrupt get lost
where Python drops every exception (a `__del__`, a hook after fork): it comes again.

The first milliseconds of the interpreter are Python's own, before any line of ours.
"""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.01
"""Seconds until a signal that came at a bad moment is sent once more."""

_IMPORT_SYSTEM = "<frozen importlib._bootstrap>"
_EXIT_CODE = 130
"""Of errors.Interrupted, which is not loaded yet when this is needed first."""

Handler = Callable[[int, FrameType | None], object]


def leave_quietly() -> None:
    """From here on each of the signals ends the process without a word."""
    _handle(lambda *_: os._exit(_EXIT_CODE))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def leave(code: int) -> None:
    """The end is decided: a signal that comes while the interpreter cleans up changes nothing.

    After an interrupt nothing of it is left to clean up: everything has been unwound. Python
    would end itself by SIGINT instead of `code` if that came while it ran an `exec`.
    """
    _handle(signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if code == _EXIT_CODE:
        os._exit(code)
    raise SystemExit(code)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, each of the signals raises KeyboardInterrupt."""
    before = _handle(_interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """What was torn in the middle complains when it goes (an event loop half made, a coroutine
    that nobody waits for): after this, nobody hears of it."""
    if _importing(frame):
        _send_again(number)
        return
    sys.unraisablehook = partial(_again_if_dropped, number)
    warnings.simplefilter("ignore")
    if (logging := sys.modules.get("logging")) is not None:
        logging.disable()
    raise KeyboardInterrupt


def _again_if_dropped(number: int, dropped: "sys.UnraisableHookArgs") -> None:
    if dropped.exc_type is KeyboardInterrupt:
        _send_again(number)


def _send_again(number: int) -> None:
    """To whoever handles it by then, which may be an event loop."""
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT_SYSTEM:
            return True
        frame = frame.f_back
    return False


def _handle(handler: Handler | signal.Handlers) -> dict[signal.Signals, Handler | int | None]:
    """Install it; what was there before. Nothing, if we are not the program but a part of one."""
    before: dict[signal.Signals, Handler | int | None] = {}
    try:
        for number in _STOPPING:
            if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    except ValueError:  # only the main thread may
        pass
    return before
