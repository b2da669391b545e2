"""Who gets in, and that nothing a client does ends the server."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from onionchat.errors import NotFoundError, RefusedError, UnreachableError
from onionchat.rpc.client import Client
from onionchat.rpc.server import CLIENTS, Server
from tests.rpc.served import VERBS, Desk, Nothing, serving, verb


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "rpc.sock"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_is_ours_alone_and_goes_with_the_server(path: Path) -> None:
    umask = os.umask(0)
    try:
        with serving(path, Desk()):
            assert mode(path) == 0o600
            assert mode(path.parent) == 0o700
            assert stat.S_ISSOCK(path.lstat().st_mode)
        assert os.umask(0) == 0
    finally:
        os.umask(umask)
    assert not path.exists()
    with pytest.raises(UnreachableError, match="not running"):
        Client.connect(path)


def test_it_ends_while_clients_are_connected_and_calls_wait(path: Path) -> None:
    desk = Desk()
    with ExitStack() as clients, serving(path, desk):
        for _ in range(3):
            sock = clients.enter_context(socket.socket(socket.AF_UNIX))
            sock.connect(str(path))
            sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hold"}\n')
            assert desk.entered.acquire(timeout=10)


def test_a_socket_that_a_killed_node_left_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    with serving(path, Desk()), Client.connect(path) as client:
        assert client.call("echo", text="here")["text"] == "here"


def test_what_is_no_socket_is_not_removed(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(RefusedError, match="in the way"):
        asyncio.run(Server(Desk(), path, VERBS).run())  # type: ignore[arg-type]  # a desk
    assert path.read_text() == "mine"


def test_one_client_too_many_is_told_so_and_a_place_that_is_left_is_free(path: Path) -> None:
    with serving(path, Desk()), ExitStack() as clients:
        seated = [clients.enter_context(Client.connect(path)) for _ in range(CLIENTS)]
        for client in seated:
            assert client.call("echo", text="in")["text"] == "in"
        with Client.connect(path) as late, pytest.raises(RefusedError, match="32 clients"):
            late.call("echo", text="in")
        seated[0].close()
        while True:  # until the server has seen it go
            try:
                with Client.connect(path) as again:
                    assert again.call("echo", text="in")["text"] == "in"
            except RefusedError:
                continue
            break


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_gets_no_answer() -> None:
    ask = (
        "import os, socket, sys; path, uid = sys.argv[1:];"
        "s = socket.socket(socket.AF_UNIX); os.setuid(int(uid)); s.connect(path);"
        's.send(b\'{"jsonrpc":"2.0","id":1,"method":"echo","params":["in"]}\\n\');'
        "print(s.recv(100))"
    )
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "rpc.sock"
        with serving(path, Desk()):
            for opened in (path.parent, path):
                opened.chmod(0o777)
            ours, theirs = (_run(ask, str(path), uid) for uid in ("0", "65534"))
    assert '"result"' in ours.stdout
    closed = ("ConnectionResetError", "BrokenPipeError")
    assert theirs.stdout == "b''\n" or theirs.stderr.strip().split("\n")[-1].startswith(closed)


def _run(program: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-Ic", program, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_garbage_ends_nothing(path: Path) -> None:
    with serving(path, Desk()):
        for rubbish in (
            b"\xff" * 5_000,
            b"[" * 900_000,
            b"\0" * (3 << 20),
            b"GET / HTTP/1.1\r\n",
        ):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(path))
                try:
                    sock.sendall(rubbish)
                    sock.shutdown(socket.SHUT_WR)
                except BrokenPipeError:
                    pass  # the server has closed on the long line
                assert json.loads(sock.makefile("rb").readline())["error"]["code"] < -32_000
        with Client.connect(path) as client:
            assert client.call("echo", text="still here")["text"] == "still here"


def test_an_error_is_the_same_error_at_the_client(path: Path) -> None:
    async def missing(_: object, __: object) -> None:
        raise NotFoundError("there is no contact called bob", "see `onionchat contact list`")

    table = {**VERBS, "show": verb(Nothing, missing)}
    with serving(path, Desk(), table), Client.connect(path) as client:
        with pytest.raises(NotFoundError, match="no contact called bob") as caught:
            client.call("show")
        assert caught.value.hint == "see `onionchat contact list`"
        assert client.call("echo", text="and on")["text"] == "and on"
