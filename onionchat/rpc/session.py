"""One client's connection, from its first line to the last answer.

Calls of one client run at the same time, eight at most, so that a `receive` that waits
does not hold up a `send`; their answers carry the ids. One subscription for each
connection. The limits are against mistakes, not attackers:

- A line is at most 1 MiB; a longer one is answered and is the last.
- A client that does not read what it asked for within PATIENCE is closed. It comes back
  with its cursor and has missed nothing.
- A client that has said all it will is answered to the end (`echo ... | onionchat rpc`).
  One that has gone altogether is not: what it waits for, for days perhaps, would keep a
  place taken. Its calls get GRACE to end whole, so that a message that was queued is also
  told to the outbox; then they are cancelled.

A UserError is told as it is. Anything else is a bug of ours: the client learns that it
was one, the log where it was, and neither what values were at hand.
"""

import asyncio
import logging
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from onionchat.errors import LocalError, RefusedError, UserError
from onionchat.hardening import describe
from onionchat.rpc import jsonrpc
from onionchat.rpc.jsonrpc import Call, Id, Invalid
from onionchat.tor.link import StreamLink

if TYPE_CHECKING:  # a session needs the table it is given, not the node behind it
    from onionchat.node.profile import Profile
    from onionchat.node.verbs.registry import Verb

CALLS = 8
"""Of one client at once; what it sends beyond waits in the socket."""
PATIENCE = 30.0
"""Seconds for a client to make room for one answer."""
GRACE = 5.0
"""Seconds for the calls of a client that has gone; a transaction takes milliseconds."""
LAST_CURSOR = (1 << 63) - 1

_log = logging.getLogger(__name__)


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `since` only what comes."""

    since: Annotated[int, msgspec.Meta(ge=0, le=LAST_CURSOR)] | None = None


class Subscribed(msgspec.Struct, frozen=True):
    """`cursor`: the newest there is; 0 before the first event."""

    cursor: int


class Session:
    """Reads calls, runs verbs, writes answers and events."""

    def __init__(
        self,
        profile: "Profile",
        verbs: "Mapping[str, Verb]",
        sock: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._profile = profile
        self._verbs = verbs
        self._socket = sock
        self._reader = reader
        self._link = StreamLink(reader, writer)
        self._life = asyncio.timeout(None)
        self._calls = asyncio.Semaphore(CALLS)
        self._writing = asyncio.Lock()
        self._since: int | None = None
        self._events: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the client has ended and everything it asked has."""
        try:
            with suppress(TimeoutError):
                async with self._life:
                    with _on_hangup(self._socket, self._client_has_gone):
                        await self._serve()
        finally:
            await self._link.close()

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            while line := await self._line():
                await self._calls.acquire()
                group.create_task(self._take(line, group))
            if self._events is not None:  # calls are answered to the end, events have none
                self._events.cancel()

    async def _line(self) -> bytes:
        """The next line, or nothing at the end."""
        try:
            return await self._reader.readuntil()
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError:
            too_long = Invalid(jsonrpc.INVALID_REQUEST, "a line has at most 1 MiB")
            await self._write(jsonrpc.refusal(too_long))
            return b""
        except ConnectionError:
            return b""

    async def _take(self, line: bytes, group: asyncio.TaskGroup) -> None:
        try:
            call = jsonrpc.parse(line)
            if isinstance(call, Invalid):
                await self._write(jsonrpc.refusal(call))
                return
            answer = await self._answer(call, None if call.id is msgspec.UNSET else call.id)
            if call.id is not msgspec.UNSET:
                await self._write(answer)
            if call.method == "subscribe" and self._since is not None and self._events is None:
                self._events = group.create_task(self._follow(self._since))
        finally:
            self._calls.release()

    async def _answer(self, call: Call, number: Id) -> bytes:
        kind = self._kind(call.method)
        if kind is None:
            return _refuse(jsonrpc.NO_METHOD, "there is no such method", number)
        try:
            params = jsonrpc.by_name(call.params, kind)
        except msgspec.ValidationError as error:
            return _refuse(jsonrpc.INVALID_PARAMS, str(error), number)
        try:
            return jsonrpc.result(number, await self._perform(call.method, params))
        except UserError as error:
            return jsonrpc.error(number, error)
        except Exception as error:
            _log.error("%s: %s", call.method, describe(error))
            return jsonrpc.error(number, LocalError("the node made a mistake", "please report it"))

    def _kind(self, method: str) -> type[msgspec.Struct] | None:
        if method == "subscribe":
            return Subscribe
        verb = self._verbs.get(method)
        return None if verb is None else verb.params

    async def _perform(self, method: str, params: Any) -> Any:
        if method == "subscribe":
            return await self.subscribe(params)
        return await self._verbs[method].call(self._profile, params)

    async def subscribe(self, params: Subscribe) -> Subscribed:
        """Every event after `since`, then what comes, as notifications behind this answer."""
        newest = await self._profile.feed.newest()
        if self._since is not None:
            raise RefusedError("this connection has a subscription", "open another connection")
        self._since = newest if params.since is None else params.since
        return Subscribed(newest)

    async def _follow(self, since: int) -> None:
        """Every event. Should the store fail at it, the client comes back with its cursor."""
        try:
            async for event in self._profile.feed.follow(since):
                await self._write(jsonrpc.notification(event.method, event.params))
        except Exception as error:
            _log.error("subscribe: %s", describe(error))
            await self._give_up()

    async def _write(self, line: bytes) -> None:
        """To a client that reads. For one that does not, this is the end of the connection."""
        try:
            async with self._writing, asyncio.timeout(PATIENCE):
                await self._link.write(line)
        except TimeoutError:
            await self._give_up()
        except ConnectionError:
            pass  # it has gone, and _on_hangup has said so

    async def _give_up(self) -> None:
        self._client_has_gone()
        await self._link.close()

    def _client_has_gone(self) -> None:
        if self._life.when() is None:
            self._life.reschedule(asyncio.get_running_loop().time() + GRACE)


@contextmanager
def _on_hangup(sock: socket.socket, tell: Callable[[], None]) -> Iterator[None]:
    """`tell` once nobody can read at the other end any more.

    That a client will say no more is seen by reading. That it has closed altogether only
    poll says, as EPOLLHUP, and asyncio has no name for it: so an epoll of its own that
    asks for nothing else, which the loop watches.
    """
    loop = asyncio.get_running_loop()
    with select.epoll() as poll:
        poll.register(sock.fileno(), 0)

        def told() -> None:
            loop.remove_reader(poll.fileno())
            tell()

        loop.add_reader(poll.fileno(), told)
        try:
            yield
        finally:
            loop.remove_reader(poll.fileno())


def _refuse(code: int, message: str, number: Id) -> bytes:
    return jsonrpc.refusal(Invalid(code, message, number))
