"""`rpc` against a socket: every byte in both directions, and how it ends."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.child import Child


class Listener:
    """A node's socket; the test plays the node."""

    def __init__(self, home: Path) -> None:
        run = home / "default" / "run"
        run.mkdir(parents=True)
        (home / "default" / "keyslot").touch()
        self.home = home
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(run / "rpc.sock"))
        self.listening.listen()
        self.listening.settimeout(20)

    def start(self, **streams: int) -> Child[bytes]:
        words = [sys.executable, "-m", "onionchat", "-d", str(self.home), "rpc"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return Child(words, **{**pipes, **streams})  # type: ignore[call-overload,no-any-return]  # streams only

    def accept(self) -> socket.socket:
        sock, _ = self.listening.accept()
        sock.settimeout(20)
        return sock


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(tmp_path)
    yield listener
    listener.listening.close()


def test_every_byte_arrives_and_the_answers_after_the_end_too(node: Listener) -> None:
    question = os.urandom(300_000)
    with node.start() as rpc, node.accept() as sock:
        assert rpc.stdin is not None
        assert rpc.stdout is not None
        rpc.stdin.write(question)
        rpc.stdin.close()
        rpc.stdin = None
        heard = b""
        while chunk := sock.recv(65_536):
            heard += chunk
        assert heard == question
        sock.sendall(b"the answer\n")
        sock.close()
        assert rpc.stdout.read() == b"the answer\n"
        assert rpc.wait(10) == 0


def test_a_node_that_goes_ends_it_while_stdin_is_open(node: Listener) -> None:
    with node.start() as rpc:
        node.accept().close()
        assert rpc.wait(10) == 3


def test_a_reader_who_leaves_ends_it(node: Listener) -> None:
    read, write = os.pipe()
    os.close(read)
    with node.start(stdout=write) as rpc, node.accept() as sock:
        os.close(write)
        sock.sendall(b"to nobody\n")
        assert rpc.stderr is not None
        assert rpc.wait(10) == 130
        assert rpc.stderr.read() == b""


def test_a_reader_who_leaves_while_nothing_comes_ends_it(node: Listener) -> None:
    with node.start() as rpc, node.accept() as sock:
        assert rpc.stdin is not None
        assert rpc.stdout is not None
        rpc.stdin.write(b"a question\n")
        rpc.stdin.flush()
        assert sock.recv(100) == b"a question\n"
        rpc.stdout.close()
        assert rpc.wait(10) == 130
        assert sock.recv(100) == b""
