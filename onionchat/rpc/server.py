"""The node's JSON-RPC server: a unix socket that only its own user can reach.

Whoever has the user's uid has full power over the profile; that is said in the docs, and
everybody else is kept out three times: a 0700 directory, a 0600 socket, and the peer's
uid asked of the kernel. At most 32 clients are connected, so that a script in a loop
cannot use up the node's descriptors; one more is told so and closed. Nothing that happens to
one client, and nothing that one client does, ends the server.
"""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Never

from onionchat.accepting import accept
from onionchat.errors import RefusedError
from onionchat.own_socket import listening, peer
from onionchat.rpc import jsonrpc
from onionchat.rpc.session import Session

if TYPE_CHECKING:  # the server needs the table it is given, not the node behind it
    from onionchat.node.profile import Profile
    from onionchat.node.verbs.registry import Verb

CLIENTS = 32


class Server:
    """Answers JSON-RPC for one profile at one socket."""

    def __init__(self, profile: "Profile", path: Path, verbs: "Mapping[str, Verb]") -> None:
        self._profile = profile
        self._path = path
        self._verbs = verbs
        self._clients: set[asyncio.Task[None]] = set()
        self.last_client = profile.uptime().now
        """When the last one came, on the kernel's clock."""

    async def run(self) -> Never:
        """Serve until cancelled; every connection and the socket go away with it."""
        with listening(self._path, CLIENTS) as listener:
            listener.setblocking(False)
            async with asyncio.TaskGroup() as group:
                while True:
                    self._admit(await accept(listener), group)

    def _admit(self, sock: socket.socket, group: asyncio.TaskGroup) -> None:
        if not peer(sock).ours:
            sock.close()
        elif len(self._clients) >= CLIENTS:
            _turn_away(sock)
        else:
            self.last_client = self._profile.uptime().now
            task = group.create_task(self._serve(sock))
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
            task.add_done_callback(partial(_close, sock))

    async def _serve(self, sock: socket.socket) -> None:
        streams = await asyncio.open_connection(sock=sock, limit=jsonrpc.LINE_LIMIT - 1)
        await Session(self._profile, self._verbs, sock, *streams).run()


def _turn_away(sock: socket.socket) -> None:
    full = RefusedError(f"{CLIENTS} clients are connected already", "close one of them")
    with sock, suppress(OSError):
        sock.setblocking(False)
        sock.send(jsonrpc.error(None, full))


def _close(sock: socket.socket, _: asyncio.Task[None]) -> None:
    """A task that is cancelled before its first step has closed nothing."""
    sock.close()
