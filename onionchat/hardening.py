"""What costs ten lines and closes doors: done first in every process that holds keys.

- umask 077: nothing we create can be read by another user, even for a moment.
- no core dumps, not dumpable: a crash writes no memory to disk, and another process
  of the same user cannot read ours through /proc or ptrace (measured: EACCES).
- a traceback shows where, never what: neither locals nor the exception's text, which
  may quote the value that broke a rule. That holds for every way in which Python tells of
  an exception: the last one of a process or of a thread, one that nobody could catch, and
  what asyncio or a library logs.
"""

import ctypes
import logging
import os
import resource
import sys
import threading
import traceback

from onionchat.errors import first_of

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)


def harden() -> None:
    """Apply all of the above to this process."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl(PR_SET_DUMPABLE, 0)
    sys.excepthook = lambda _, error, __: _tell(error)
    sys.unraisablehook = lambda dropped: _tell(dropped.exc_value)
    threading.excepthook = lambda ended: _tell(ended.exc_value)
    logging.lastResort = _Discreet(logging.WARNING)


def die_with_parent(signal_number: int, parent: int) -> None:
    """Ask the kernel for `signal_number` when the parent is gone, SIGKILL included.

    `parent` is its number: one that went before we could ask would never be heard of.
    """
    prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def prctl(option: int, value: int) -> None:
    """One of prctl(2)'s many; OSError if the kernel will not."""
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


class _Discreet(logging.Handler):
    """A record's message may hold anything; its exception is told, or else who has logged."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            _tell(record.exc_info[1])
        else:
            _say(f"onionchat: {record.levelname.lower()} of {record.name} in {record.funcName}\n")


def _tell(error: BaseException | None) -> None:
    if error is not None:
        _say(describe(error))


def _say(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr, end="", flush=True)  # noqa: T201 - the last word


def describe(error: BaseException) -> str:
    """A traceback of places only: file, line and function, then the exception's class.

    Of a group of tasks the first that failed is shown: the others ended because it did.
    """
    if isinstance(error, BaseExceptionGroup):
        error = first_of(error)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames]
    return "".join(["onionchat: internal error\n", *lines, f"  {type(error).__name__}\n"])


def is_hardened() -> bool:
    """Whether it has been done, and nothing has undone it."""
    return _libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 and resource.getrlimit(
        resource.RLIMIT_CORE
    ) == (0, 0)
