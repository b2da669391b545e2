"""A socket that looks like a node's, with the answers of a scripted one, or none at all."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answer = Callable[..., Any]


@contextmanager
def silent(path: Path) -> Iterator[socket.socket]:
    """It accepts, as the kernel does for a node that is too busy, and never answers."""
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()
        yield listener


@contextmanager
def listening(path: Path, call: Answer) -> Iterator[None]:
    """Answers one call of each connection, until the end of the block."""
    with silent(path) as listener:
        thread = threading.Thread(target=_serve, args=(listener, call))
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, call: Answer) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with sock, sock.makefile("rw") as stream:
            asked = json.loads(stream.readline())
            result = call(asked["method"], **asked["params"])
            stream.write(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}) + "\n")
