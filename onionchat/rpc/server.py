"""The node's JSON-RPC server: a unix socket that only its own user can reach.

Whoever has the user's uid has full power over the profile; that is said in the docs, and
everybody else is kept out three times: a 0700 directory, a 0600 socket, and the peer's
uid asked of the kernel. Against mistakes, not attackers, the rest: a line is at most 1 MiB,
32 clients at once, eight calls of one client at once, and a client that does not read
its answers is closed; it comes back with its cursor and has missed nothing.
"""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never

import msgspec

from onionchat.errors import LocalError, OnionchatError
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import Verb
from onionchat.rpc import jsonrpc
from onionchat.rpc.jsonrpc import Call, Invalid

CLIENTS = 32
CALLS = 8
"""Of one client at once: a `receive` that waits must not hold up a `send`."""
UNREAD = 4 << 20
"""Bytes of answers that may wait for a client that does not read."""
PATIENCE = 30.0
"""Seconds that a full buffer may stay full."""

_log = logging.getLogger(__name__)
_PEER = struct.Struct("3i")


class SubscribeParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`since`: deliver what came after this cursor; None: only what comes."""

    since: int | None = None


class Server:
    """Answers JSON-RPC for one profile at one socket."""

    def __init__(self, profile: Profile, path: Path, verbs: Mapping[str, Verb]) -> None:
        self._profile = profile
        self._path = path
        self._verbs = verbs
        self._clients = 0

    async def run(self) -> Never:
        """Serve until cancelled; the socket goes away with it."""
        with _listening(self._path) as listener:
            try:
                async with asyncio.TaskGroup() as group:
                    while True:
                        sock, _ = await asyncio.get_running_loop().sock_accept(listener)
                        group.create_task(self._welcome(sock))
            finally:
                self._path.unlink(missing_ok=True)

    async def _welcome(self, sock: socket.socket) -> None:
        if self._clients >= CLIENTS or _uid(sock) != os.geteuid():
            sock.close()
            return
        self._clients += 1
        try:
            reader, writer = await asyncio.open_connection(sock=sock, limit=jsonrpc.LINE_LIMIT)
            await _Session(self._profile, self._verbs, reader, writer).run()
        finally:
            self._clients -= 1


class _Session:
    """One client's connection."""

    def __init__(
        self,
        profile: Profile,
        verbs: Mapping[str, Verb],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._profile = profile
        self._verbs = verbs
        self._reader = reader
        self._writer = writer
        self._calls = asyncio.Semaphore(CALLS)
        self._writing = asyncio.Lock()
        self._following: list[asyncio.Task[Never]] = []
        writer.transport.set_write_buffer_limits(high=UNREAD)

    async def run(self) -> None:
        """Until the client closes, breaks a limit, or does not read."""
        try:
            async with asyncio.TaskGroup() as group:
                while line := await self._line():
                    await self._calls.acquire()
                    group.create_task(self._take(line, group))
                for task in self._following:  # calls are answered to the end, events are not
                    task.cancel()
        except* (ConnectionError, TimeoutError):
            pass
        finally:
            self._writer.close()

    async def _line(self) -> bytes:
        """The next line, or nothing at the end. One that is too long is the last."""
        try:
            return await self._reader.readuntil()
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError:
            await self._write(
                jsonrpc.refusal(Invalid(jsonrpc.INVALID_REQUEST, "a line has at most 1 MiB"))
            )
            return b""

    async def _take(self, line: bytes, group: asyncio.TaskGroup) -> None:
        try:
            call = jsonrpc.parse(line)
            if isinstance(call, Invalid):
                await self._write(jsonrpc.refusal(call))
            elif call.method == "subscribe":
                await self._subscribe(call, group)
            else:
                await self._answer(call)
        finally:
            self._calls.release()

    async def _answer(self, call: Call) -> None:
        answer = await self._outcome(call)
        if call.id is not msgspec.UNSET:
            await self._write(answer)

    async def _outcome(self, call: Call) -> bytes:
        number = None if call.id is msgspec.UNSET else call.id
        verb = self._verbs.get(call.method)
        if verb is None:
            return _refuse(number, jsonrpc.NO_METHOD, "there is no such method")
        try:
            params = jsonrpc.by_name(call.params, verb.params)
            return jsonrpc.result(number, await verb.call(self._profile, params))
        except msgspec.ValidationError as error:
            return _refuse(number, jsonrpc.INVALID_PARAMS, str(error))
        except OnionchatError as error:
            return jsonrpc.error(number, error)
        except Exception:
            _log.exception("%s failed", call.method)
            return jsonrpc.error(number, _bug())

    async def _subscribe(self, call: Call, group: asyncio.TaskGroup) -> None:
        number = None if call.id is msgspec.UNSET else call.id
        try:
            params = jsonrpc.by_name(call.params, SubscribeParams)
        except msgspec.ValidationError as error:
            await self._write(_refuse(number, jsonrpc.INVALID_PARAMS, str(error)))
            return
        newest = await self._profile.feed.newest()
        await self._write(jsonrpc.result(number, {"cursor": newest}))
        since = newest if params.since is None else params.since
        self._following.append(group.create_task(self._follow(since)))

    async def _follow(self, since: int) -> Never:
        async for event in self._profile.feed.follow(since):
            await self._write(jsonrpc.notification(event.method, event.params))
        raise LocalError("the events have ended")

    async def _write(self, line: bytes) -> None:
        """TimeoutError if the client lets its answers pile up."""
        async with self._writing, asyncio.timeout(PATIENCE):
            self._writer.write(line)
            await self._writer.drain()


def _refuse(number: Any, code: int, message: str) -> bytes:
    return jsonrpc.refusal(Invalid(code, message, number))


def _bug() -> LocalError:
    return LocalError("the node made a mistake; nothing was lost", "please report it")


def _uid(sock: socket.socket) -> int:
    """Whose process is at the other end, as the kernel knows it."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _, uid, _ = _PEER.unpack(credentials)
    return int(uid)


def _listening(path: Path) -> socket.socket:
    """Bound and listening, 0600; what a killed node left there is removed first."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.setblocking(False)
    listener.listen(CLIENTS)
    return listener
