"""What costs ten lines and closes doors: done first in every process that holds keys.

- umask 077: nothing we create can be read by another user, even for a moment.
- no core dumps, not dumpable: a crash writes no memory to disk, and another process
  of the same user cannot read ours through /proc or ptrace (measured: EACCES).
- a traceback shows where, never what: neither locals nor the exception's text, which
  may quote the value that broke a rule.
"""

import ctypes
import os
import resource
import sys
import traceback
from types import TracebackType

from onionchat.errors import first_of

PR_SET_PDEATHSIG = 1
PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)


def harden() -> None:
    """Apply all of the above to this process."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)
    sys.excepthook = _where_not_what


def die_with_parent(signal_number: int, parent: int) -> None:
    """Ask the kernel for `signal_number` when the parent is gone, SIGKILL included.

    `parent` is its number: one that went before we could ask would never be heard of.
    """
    _prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


def _where_not_what(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    print(describe(error), file=sys.stderr, end="")  # noqa: T201 - the last word of a process


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
