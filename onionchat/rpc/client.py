"""The thin client: a blocking socket and json, so that a command starts at once.

It imports nothing that is slow to import; `onionchat send` spends its time in the node.
"""

import itertools
import json
import socket
from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from onionchat.errors import OnionchatError, RefusedError, UnreachableError, rebuild
from onionchat.os_errors import scarcity
from onionchat.own_socket import peer

CHUNK = 65_536
SILENCE = 3.0
"""Seconds without an answer after which it is looked whether the node is stopped. An answer
may take long (`send --wait`), but a stopped process gives none, ever."""


class Gone(UnreachableError):  # noqa: N818 - named for what happened
    """The node was there, and has ended before it answered: it may have done what was asked."""

    def __init__(self) -> None:
        super().__init__(
            "the node has stopped or closed the connection", "start it with `onionchat up`"
        )


def connected(path: Path, timeout: float | None = None) -> socket.socket:
    """UnreachableError if no node listens there. `timeout` in seconds, to connect only.

    RefusedError if somebody else does: it would get what we say, texts and passphrases too.
    """
    with ExitStack() as on_failure:
        sock = on_failure.enter_context(socket.socket(socket.AF_UNIX))
        try:
            sock.settimeout(timeout)
            sock.connect(str(path))
            sock.settimeout(None)
        except OSError as error:
            raise scarcity(error) or UnreachableError(
                "the node is not running", "start it with `onionchat up`"
            ) from None
        _check_ours(sock, path)
        on_failure.pop_all()
    return sock


def _check_ours(sock: socket.socket, path: Path) -> None:
    listener = peer(sock)
    if not listener.ours:
        raise RefusedError(
            f"another user (uid {listener.uid}) answers at {path}",
            "run onionchat as the user of the node",
        )


class Client:
    """One connection to a running node. Answers come in order: one call at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._numbers = itertools.count(1)
        self._unread = bytearray()
        self._notifications: deque[dict[str, Any]] = deque()

    @classmethod
    def connect(cls, path: Path, timeout: float | None = None) -> Self:
        """See `connected`."""
        return cls(connected(path, timeout))

    def call(self, method: str, **params: Any) -> Any:
        """The verb's result; what the node refused is raised here as the same error."""
        number = next(self._numbers)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        with suppress(ConnectionError):  # a node that closes has said why, to be read below
            self._write(json.dumps(request).encode() + b"\n")
        try:
            answer = self._answer(number)
        except (ConnectionError, EOFError):
            raise Gone from None
        if "error" in answer:
            raise _as_error(answer["error"])
        return answer["result"]

    def notification(self, timeout: float | None = None) -> dict[str, Any]:
        """The next event after `subscribe`, with `method` and `params`; TimeoutError."""
        if self._notifications:
            return self._notifications.popleft()
        try:
            return self._read(timeout)
        except (ConnectionError, EOFError):
            raise Gone from None

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, number: int) -> dict[str, Any]:
        """To this call; or to none, which is how a node says why it will take no call."""
        while True:
            message = self._read_patiently()
            if "method" in message:
                self._notifications.append(message)
            elif message["id"] in (number, None):
                return message

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        self._socket.settimeout(SILENCE)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                _check_goes_on(peer(self._socket).pid)

    def _read_patiently(self) -> dict[str, Any]:
        """As long as the node runs."""
        while True:
            try:
                return self._read(SILENCE)
            except TimeoutError:
                _check_goes_on(peer(self._socket).pid)

    def _read(self, timeout: float | None) -> dict[str, Any]:
        """One line of the node's; EOFError when it has closed."""
        self._socket.settimeout(timeout)
        looked_at = 0
        while (end := self._unread.find(b"\n", looked_at)) < 0:
            looked_at = len(self._unread)
            chunk = self._socket.recv(CHUNK)
            if not chunk:
                raise EOFError
            self._unread += chunk
        message: dict[str, Any] = json.loads(self._unread[:end])
        del self._unread[: end + 1]
        return message


def _check_goes_on(pid: int) -> None:
    """UnreachableError if the process is stopped: Ctrl-Z, SIGSTOP, a debugger (proc(5))."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return
    if state in "Tt":
        raise UnreachableError(
            f"the node (process {pid}) is stopped and answers nobody",
            f"let it go on: kill -CONT {pid}",
        )


def _as_error(error: dict[str, Any]) -> OnionchatError:
    data = error.get("data") or {}
    return rebuild(data.get("error", "internal"), error["message"], data.get("hint", ""))
