"""`up`: starts tor and the node, starts either again when it dies, and ends both.

The supervisor holds no keys and reads no peer's bytes. It owns tor
(`__OwningControllerProcess`), so that the node never forks or execs and can later give
up both for good. The passphrase is in an anonymous memory file that only the node reads
(node/start.py); it stays there so that a node that crashed can be started again without
asking, and is gone when the node is locked (node/unlocking.py), and with the supervisor.

    supervisor ──starts──> tor   (own data directory, unix sockets, no TCP)
        │
        └──────starts──> node  (keys, peers, JSON-RPC; says on a pipe how it is doing)

The profile's lock is taken here and its descriptor handed to the node, so that a second
`up` is refused while either of them lives. A child dies with its parent, SIGKILL
included; SIGTERM, Ctrl-C and SIGHUP end everything within five seconds.

Python would look for modules in the directory where `up` was typed first, be it full of
downloads: -P keeps it from that, here and wherever a program of ours starts another.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from onionchat.errors import (
    LocalError,
    OnionchatError,
    RefusedError,
    UnreachableError,
    UserError,
    first_of,
    rebuild,
)
from onionchat.hardening import die_with_parent, harden
from onionchat.node import confinement
from onionchat.node.allocator import forgetful
from onionchat.node.clock import pause
from onionchat.node.hook import Hook, checked
from onionchat.node.options import UpOptions
from onionchat.node.restarts import Restarts
from onionchat.node.start import Start
from onionchat.node.unlocking import Unlocking
from onionchat.store import ephemeral
from onionchat.store.lock import Lock, check_free
from onionchat.tor.attach import attachment
from onionchat.tor.find import TorBinary, find_tor
from onionchat.tor.process import run_tor
from onionchat.tor.torrc import Places, own_torrc

Report = Callable[[dict[str, Any]], None]
"""Called with one line of progress: {"event": "tor" | "ready" | "warning", ...}."""

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOP_DEADLINE = 3.0
LONGEST_LINE = 1 << 18
"""Of the node's reports: 16 KiB of text become up to 96 KiB of JSON with `--on-message-text`."""


class _End(Exception):  # noqa: N818 - not an error: the supervisor's work is done
    """Leave the task group with this exit code."""

    def __init__(self, error: OnionchatError | None = None) -> None:
        super().__init__()
        self.error = error


def supervise(start: Start, report: Report) -> None:
    """Run until SIGTERM, Ctrl-C or SIGHUP; a failure to start raises a UserError.

    Afterwards the passphrase is forgotten: who waits for it (cli/locked.py) waits for another."""
    harden()
    paths = start.options.paths
    try:
        paths.make()  # what XDG_RUNTIME_DIR had is gone after a reboot
        with Lock.acquire(paths.lock) as lock, ephemeral.life(paths):
            ephemeral.check_beside(paths)
            asyncio.run(Supervisor(start, lock, report).run())
    finally:
        start.forget()


def check(options: UpOptions) -> None:
    """What would be refused anyway, before anybody is asked for the passphrase: a second node,
    no tor, a file that others can write, with `--strict` a layer that is not there."""
    harden()
    options.paths.make()
    check_free(options.paths.lock)
    ephemeral.check_beside(options.paths)
    _own_tor(options)
    if options.on_message is not None:
        checked(options.on_message)
    confinement.check(options)


class Supervisor:
    """One profile's processes, from the first to the last."""

    def __init__(self, start: Start, lock: Lock, report: Report) -> None:
        self._start = start
        self._options = options = start.options
        self._report = report
        self._lock = lock
        self._own_tor = _own_tor(options)
        self._hook = Hook(options.on_message, self._warn_of_hook) if options.on_message else None
        self._unlocked = asyncio.Event()
        self._ready = asyncio.Event()
        self._failure: OnionchatError | None = None
        self._unlocking: Unlocking | None = None
        self._passes = True
        self._tor: dict[str, Any] = {"bootstrap": 0, "step": None, "warning": None}

    async def run(self) -> None:
        stop = asyncio.Event()
        try:
            with _signals_to(stop):
                async with asyncio.TaskGroup() as outer:
                    if self._own_tor is not None:
                        outer.create_task(self._keep_tor(self._own_tor))
                    # Inside, so that the node ends before its tor and can say goodbye through it.
                    async with asyncio.TaskGroup() as group:
                        group.create_task(_until(stop))
                        group.create_task(self._until_ready())
                        group.create_task(self._keep_node())
                        if self._hook is not None:
                            group.create_task(self._hook.run())
        except BaseExceptionGroup as group_of_one:
            ended = first_of(group_of_one)
            if not isinstance(ended, _End):
                raise
            if ended.error is not None:
                raise ended.error from None
        finally:
            self._let_go()

    async def _until_ready(self) -> None:
        """With `--timeout`: be reachable by then, or end everything that was started."""
        try:
            async with asyncio.timeout(self._options.timeout):
                await self._ready.wait()
        except TimeoutError:
            got_to = f"tor got to {self._tor['bootstrap']} % ({self._tor['step'] or 'starting'})"
            raise _End(
                UnreachableError(
                    f"the address was not published within {self._options.timeout:g} seconds: "
                    + (self._tor["warning"] or got_to),
                    "look with `onionchat -v up`, or give it longer with --timeout",
                )
            ) from None

    async def _keep_node(self) -> None:
        """Start the node; again when it crashes, or its machine fails it, but not when it never
        got as far as running."""
        restarts, time = Restarts(), asyncio.get_running_loop().time
        while True:
            restarts.born(time())
            code = await self._run_node()
            if self._unlocking is not None:
                await self._passphrase(self._unlocking, code)
                continue
            if code == 0:
                raise _End
            if not (self._unlocked.is_set() and self._passes):
                raise _End(self._failure or _stillborn(code))
            why = self._failure.message if self._failure else "the node died"
            self._report({"event": "warning", "message": f"{why}; the node is started again"})
            self._failure = None
            await pause(restarts.died(time()))

    def _lock_up(self) -> None:
        """From now on nobody can start the node without the passphrase."""
        self._start.forget()
        self._unlocking = Unlocking(self._options.paths.unlock_socket)

    async def _passphrase(self, unlocking: Unlocking, code: int) -> None:
        """The node was locked, or what somebody brought did not open it: wait for the next. It may
        have been the right one, and the machine had no memory; a node that ends may keep it."""
        self._start.forget()
        unlocking.failed(_stillborn(code))
        await unlocking.fill(self._start)

    async def _run_node(self) -> int:
        read, write = os.pipe()
        descriptors = self._start.descriptor, write, self._lock.descriptor
        node = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "onionchat.service"),
            *(str(descriptor) for descriptor in descriptors),
            pass_fds=descriptors,
            stdin=asyncio.subprocess.DEVNULL,
            env=forgetful(os.environ),
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )
        os.close(write)
        try:
            if await self._relay(read):
                await _end(node)
                self._report({"event": "locked"})
            return await node.wait()
        finally:
            await _end(node)

    async def _relay(self, descriptor: int) -> bool:
        """What the node says, until it says no more, or is to be locked (True)."""
        reader = asyncio.StreamReader(LONGEST_LINE)
        loop = asyncio.get_running_loop()
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
            try:
                async for line in reader:
                    said = json.loads(line)
                    if said["event"] == "lock":
                        self._lock_up()
                        return True
                    self._hear(said)
            finally:
                transport.close()
        return False

    def _hear(self, said: dict[str, Any]) -> None:
        match said:
            case {"event": "unlocked"}:
                if self._unlocking is None and self._unlocked.is_set():
                    return
                self._unlocked.set()
                self._let_go()
            case {"event": "error", **fields}:
                failure = rebuild(fields["error"], fields["message"], fields["hint"])
                if self._unlocking is None:
                    self._failure, self._passes = failure, fields["passes"]
                else:
                    self._unlocking.failed(failure)
                return
            case {"event": "arrived", "arrival": dict(arrival)}:
                if self._hook is not None:
                    self._hook.ring(arrival)
                return  # for the program alone
            case {"event": "ready"}:
                if self._ready.is_set():
                    return
                self._ready.set()
            case {"event": "tor"}:
                self._tor = said
        self._report(said)

    def _let_go(self) -> None:
        """Nobody waits for a passphrase any more."""
        if self._unlocking is not None:
            self._unlocking.close()
            self._unlocking = None

    def _warn_of_hook(self, message: str) -> None:
        self._report({"event": "warning", "message": f"--on-message: {message}"})

    def _log(self, line: str) -> None:
        self._report({"event": "log", "message": line})

    async def _keep_tor(self, binary: TorBinary) -> None:
        """Start tor when the profile is unlocked; a tor that dies is started again.

        If it dies before the node was ever ready, that is a failure to start and said in
        tor's own words; later no trouble of tor's ends the node.
        """
        await self._unlocked.wait()
        if binary.warning:
            self._report({"event": "warning", "message": binary.warning})
        restarts, time = Restarts(), asyncio.get_running_loop().time
        while True:
            restarts.born(time())
            try:
                torrc = _torrc(self._options)
                await run_tor(binary, torrc, self._options.paths.root, self._log)
            except UserError as failed:  # TorFailed, or an included file that others can write now
                if not self._ready.is_set():
                    raise _End(failed) from None
                self._report({"event": "warning", "message": failed.message})
            await pause(restarts.died(time()))


@contextmanager
def _signals_to(stop: asyncio.Event) -> Iterator[None]:
    """Inside, a signal sets `stop`; afterwards they do what they did before.

    When there was one, the process ends now: a second has nothing left to stop, and must
    not kill it between two handlers.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPPING}
    for number, handler in before.items():
        if number is signal.SIGTERM or handler is not signal.SIG_IGN:  # as `nohup` wants it
            loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        if not stop.is_set():
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _End


def _stillborn(code: int) -> OnionchatError:
    """Started again, it would end the same way."""
    if code == -signal.SIGKILL:
        return RefusedError(
            "the node was killed while it started",
            "look whether there is memory: a passphrase needs 256 MiB for a second",
        )
    return LocalError("the node ended while it started", "please report what it has printed")


def _torrc(options: UpOptions) -> str:
    paths = options.paths
    places = Places(paths.tor_data, paths.tor_control, paths.tor_socks, paths.tor_cookie)
    return own_torrc(
        places,
        os.getpid(),
        include=options.torrc_include,
        bridges=options.bridges,
        transports=options.transports,
    )


def _own_tor(options: UpOptions) -> TorBinary | None:
    """The tor to launch, its configuration tried; None when a running one is to be used."""
    if attachment(options.tor_control, options.tor_socks, os.environ) is not None:
        return None
    _torrc(options)
    return find_tor(options.tor)


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, then SIGKILL when the deadline is over; returns when it is gone."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_DEADLINE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
