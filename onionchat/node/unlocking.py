"""A node that was locked: its process is gone, and this is where its next one gets the passphrase.

`onionchat lock`, and `up --lock-after`, end the process that holds the keys; the supervisor
forgets the passphrase and keeps tor, which need not find its way into the network again. Who
unlocks meets the same socket and the same words as at `up --wait-unlock` (cli/locked.py).
"""

import asyncio
import json
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from onionchat.accepting import accept
from onionchat.errors import OnionchatError
from onionchat.node.start import Start
from onionchat.own_socket import listening, peer
from onionchat.secret_line import SecretLine

BACKLOG = 4
BRING = 10.0
"""Seconds in which whoever connects must have sent the passphrase, typed before."""


class Unlocking:
    """From the lock to the node that said `unlocked`, which `close` tells who brought it."""

    def __init__(self, path: Path) -> None:
        self._door = ExitStack()
        self._listener = self._door.enter_context(listening(path, BACKLOG))
        self._listener.setblocking(False)
        self._bearer: socket.socket | None = None

    async def fill(self, start: Start) -> None:
        """With the next passphrase that somebody brings."""
        while True:
            sock = await accept(self._listener)
            if peer(sock).ours and await _fill(start, sock):
                self._bearer = sock
                return
            sock.close()

    def failed(self, error: OnionchatError) -> None:
        """What was brought last has opened nothing; said once."""
        fields = {"error": error.name, "message": error.message, "hint": error.hint}
        self._tell({"event": "error", **fields})

    def close(self) -> None:
        """The door goes first: who hears that it is unlocked finds nobody who waits."""
        self._door.close()
        self._tell({"event": "unlocked"})

    def _tell(self, said: dict[str, str]) -> None:
        """The last word to who brought it, even if they have gone."""
        if self._bearer is not None:
            with suppress(OSError), self._bearer:
                self._bearer.send(json.dumps(said).encode() + b"\n")
            self._bearer = None


async def _fill(start: Start, sock: socket.socket) -> bool:
    """With one line; False from who sent none."""
    loop = asyncio.get_running_loop()
    with suppress(OSError, TimeoutError), SecretLine() as line:
        async with asyncio.timeout(BRING):
            while line.grow(await loop.sock_recv_into(sock, line.room)):
                pass
        return line.hand_to(start.keep)
    return False
