"""`python traced.py PLACE COMMAND...`: becomes the command, and all its calls to the
kernel that have to do with sockets are written down in PLACE, those of its children too.

Who traces is nobody's parent and has none of the command's streams: whoever waits for those to
end waits for the command alone. A shared lock says how long there is one. A command that starts
no tor needs no network: it gets one without interfaces, where the machine allows that.
"""

import ctypes
import fcntl
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from onionchat.sandbox import namespaces
from onionchat.sandbox.syscalls import call

CALLS = "?socket,?socketpair,?connect,?bind,?sendto,?sendmsg,?sendmmsg,?execve,?io_uring_setup"
LOCK = "tracing"
NETWORK = {"up"}
_USER_AND_NETWORK = 0x50000000
_PR_SET_PTRACER, _ANYBODY = 0x59616D61, ctypes.c_ulong(-1)


def _trace(place: Path) -> None:
    """Start who traces us; returns when it does."""
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)  # where Yama asks for it
    us = os.getpid()
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_SH)
        os.set_inheritable(lock, True)
        _follow(us, tempfile.mkdtemp(dir=place))
    os.wait()
    while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
        os.sched_yield()


def _follow(process: int, place: str) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    words = ["-f", "-ff", "-qq", "-s", "24", "-e", f"trace={CALLS}", "-p", str(process)]
    os.execvp("strace", ["strace", *words, "-o", f"{place}/calls"])  # noqa: S606 - as it is


def _without_network() -> None:
    me = os.geteuid(), os.getegid()
    with suppress(OSError):
        call("unshare", _USER_AND_NETWORK)
        namespaces._stay(*me)


if __name__ == "__main__":
    _trace(Path(sys.argv[1]))
    if not NETWORK & set(sys.argv):
        _without_network()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - it becomes it
