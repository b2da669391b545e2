"""The control connection to tor, and the only file that knows stem.

stem speaks the protocol (framing, SAFECOOKIE) over blocking sockets and has no release
since 2023, so it is kept behind one thread and four methods. The thread connects,
authenticates and then reads until the connection ends; every message crosses to the loop
with `call_soon_threadsafe`: a reply to the oldest question, an event line to the queue.
Commands are written from the loop: they are shorter than a socket buffer by far.

- Every command has a deadline of its own, because a stopped tor answers nothing and
  closes nothing. When one passes, the order of replies is unknown, so the connection is
  closed and made anew.
- The end of the connection is an event, `Lost`, whatever ended it.
- Of the ways to authenticate, only those that give nothing away are used: none, SAFECOOKIE,
  a password that was handed in. Plain COOKIE would show 32 bytes of any file to whoever
  listens on the port.
- stem logs whole commands, keys too, below INFO: its logger is held at WARNING.
"""

import asyncio
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

from onionchat.errors import UnreachableError
from onionchat.tor.address import ControlAddress, UnixAddress
from onionchat.tor.control_errors import ControlLost, ControlRefused, without_keys
from onionchat.tor.doors import closed, unreadable
from onionchat.tor.events import BESIDES, SUBSCRIBED, Event, Lost, Nudge, parse

CONNECT_TIMEOUT = 15.0
"""Seconds to connect and authenticate; tor needs milliseconds unless it is stopped."""

COMMAND_TIMEOUT = 10.0
"""Seconds for one answer; all our commands are answered without waiting for the network."""

_EVENT = "650"

Message = list[tuple[str, str, str]]
"""A reply or event as stem splits it: code, divider, text of each line."""


class Control:
    """One authenticated connection, subscribed to SUBSCRIBED. Made with `connect`."""

    def __init__(self, address: ControlAddress, cookie: Path | None, password: str | None) -> None:
        self._address = address
        self._cookie = cookie
        self._password = password
        self._loop = asyncio.get_running_loop()
        self._socket: Any = None  # stem.socket.ControlSocket, made by the thread
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._questions: deque[asyncio.Future[Message]] = deque()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        address: ControlAddress,
        *,
        cookie: Path | None = None,
        password: str | None = None,
        timeout: float = CONNECT_TIMEOUT,  # noqa: ASYNC109 -- a limit of tor's, not of the caller
    ) -> Self:
        """UnreachableError with a next step: nobody listens, cookie unreadable, refused."""
        control = cls(address, cookie, password)
        threading.Thread(target=control._work, name="tor control", daemon=True).start()
        try:
            async with asyncio.timeout(timeout):
                await control._opened
            await control._subscribe()
        except TimeoutError as error:
            await control.close()
            raise ControlLost(f"tor does not answer on its control port {address}") from error
        except BaseException:
            await control.close()
            raise
        return control

    async def _subscribe(self) -> None:
        try:
            await self.ask(f"SETEVENTS {SUBSCRIBED} {BESIDES}")
        except ControlRefused:
            await self.ask(f"SETEVENTS {SUBSCRIBED}")

    def events(self) -> asyncio.Queue[Event]:
        """What tor tells by itself; the last one is `Lost`."""
        return self._events

    async def ask(self, line: str, timeout: float = COMMAND_TIMEOUT) -> list[str]:  # noqa: ASYNC109
        """The lines of a good answer without codes, the last one usually `OK`.
        ControlRefused for a bad one, ControlLost for none. The command is never repeated in
        an error: it may hold a key."""
        if self._ended.is_set():
            raise ControlLost
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._questions.append(answer)
        self._send(line)
        try:
            async with asyncio.timeout(timeout):
                message = await answer
        except TimeoutError:
            await self.close()
            raise ControlLost from None
        code, _, text = message[-1]
        if not code.startswith("2"):
            raise ControlRefused(int(code), text)
        return [text for _, _, text in message]

    def nudge(self) -> None:
        """Wake whoever waits for events."""
        self._events.put_nowait(Nudge())

    async def close(self) -> None:
        """For good. Onions added on this connection go down with it."""
        if self._socket is not None:
            self._socket.close()
        await self._ended.wait()

    # on the loop, called from the thread

    def _send(self, line: str) -> None:
        import stem

        with suppress(stem.ControllerError):  # the thread sees the end too, and answers for it
            self._socket.send(line)

    def _receive(self, message: Message) -> None:
        if message[0][0] != _EVENT:
            if self._questions:
                answer = self._questions.popleft()
                if not answer.done():
                    answer.set_result(message)
        elif event := parse(message[0][2]):
            self._events.put_nowait(event)

    def _open_done(self, _: None) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    def _end(self, error: UnreachableError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        while self._questions:
            answer = self._questions.popleft()
            if not answer.done():
                answer.set_exception(ControlLost())
        self._ended.set()
        self._events.put_nowait(Lost())

    # in the thread

    def _work(self) -> None:
        error: UnreachableError = ControlLost()
        try:
            self._open()
            self._cross(self._open_done, None)
            while True:
                self._cross(self._receive, self._socket.recv().content())
        except UnreachableError as known:
            error = known
        except Exception as unknown:
            error = _explain(unknown, self._address)
        finally:
            if self._socket is not None:
                self._socket.close()
            self._cross(self._end, error)

    def _cross(self, call: Callable[[Any], None], argument: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(call, argument)

    def _open(self) -> None:
        import stem.socket

        logging.getLogger("stem").setLevel(logging.WARNING)
        self._socket = stem.socket.ControlSocket()
        self._socket._make_socket = partial(_connected, self._address)
        self._socket.connect()
        _authenticate(self._socket, self._cookie, self._password)


def _connected(address: ControlAddress) -> socket.socket:
    """stem's own leaks the socket when nobody listens, and has a class for each family."""
    if isinstance(address, UnixAddress):
        sock = socket.socket(socket.AF_UNIX)
        where: str | tuple[str, int] = str(address.path)
    else:
        sock = socket.socket(socket.AF_INET)
        where = (address.host, address.port)
    try:
        sock.connect(where)
    except OSError:
        sock.close()
        raise
    return sock


def _authenticate(wire: Any, cookie: Path | None, password: str | None) -> None:
    import stem.connection
    import stem.response

    wire.send("PROTOCOLINFO 1")
    info = wire.recv()
    stem.response.convert("PROTOCOLINFO", info)
    known = stem.connection.AuthMethod
    cookie_path = cookie or info.cookie_path
    if known.NONE in info.auth_methods:
        stem.connection.authenticate_none(wire)
    elif known.SAFECOOKIE in info.auth_methods and cookie_path and not password:
        stem.connection.authenticate_safecookie(wire, str(cookie_path))
    elif known.PASSWORD in info.auth_methods and password:
        stem.connection.authenticate_password(wire, password)
    else:
        raise UnreachableError(
            "tor's control port wants a proof that this program does not have",
            "set CookieAuthentication 1 in torrc, or the password in TOR_CONTROL_PASSWD",
        )


def _explain(error: Exception, address: ControlAddress) -> UnreachableError:
    """stem's many ways to fail, as one sentence with a next step."""
    import stem.connection

    if isinstance(error, stem.connection.UnreadableCookieFile):
        return unreadable(Path(error.cookie_path))
    if isinstance(error, stem.connection.AuthenticationFailure):
        return UnreachableError(
            f"tor refused the control connection: {without_keys(str(error))}",
            "the cookie file or the password is not this tor's: check TOR_CONTROL_*",
        )
    return closed(address, error) if isinstance(error, OSError) else ControlLost()
