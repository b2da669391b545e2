"""The thin client against the real server, and what it must not cost."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from onionchat.errors import OnionchatError, RefusedError, UnreachableError, UsageError
from onionchat.rpc import client as rpc_client
from onionchat.rpc.client import Client
from tests.child import Child
from tests.rpc.served import Desk, Feed, serving

SLOW = (
    "asyncio",
    "cryptography",
    "importlib.metadata",
    "msgspec",
    "peewee",
    "rich",
    "stem",
    "textual",
)

STOPPED = """
import os, signal, socket, sys
listener = socket.create_server(sys.argv[1], family=socket.AF_UNIX)
print("listens", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rpc.sock"


def loaded_by(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_it_imports_nothing_slow() -> None:
    assert not loaded_by("onionchat.rpc.client").intersection(SLOW)


def test_the_server_does_not_import_the_node() -> None:
    loaded = loaded_by("onionchat.rpc.server")
    assert not loaded.intersection({"onionchat.node.node", "onionchat.node.verbs", "peewee"})


def test_without_a_node_it_says_what_to_do(path: Path) -> None:
    with pytest.raises(UnreachableError, match="not running") as missing:
        Client.connect(path)
    assert "onionchat up" in missing.value.hint
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with pytest.raises(UnreachableError, match="not running"):
        Client.connect(path, timeout=1.0)


def test_a_long_text_goes_and_comes_whole(path: Path) -> None:
    text = "κόσμε\n" * 20_000
    with serving(path, Desk()), Client.connect(path) as client:
        assert client.call("echo", text=text, times=5) == {"text": text * 5}


def test_events_between_a_call_and_its_answer_are_kept(path: Path) -> None:
    events = [{"cursor": number} for number in range(1, 6)]
    with serving(path, Desk(Feed(events))), Client.connect(path) as client:
        assert client.call("subscribe", since=0) == {"cursor": 5}
        assert client.call("echo", text="hello") == {"text": "hello"}
        heard = [client.notification(10.0)["params"]["cursor"] for _ in events]
        assert heard == [1, 2, 3, 4, 5]
        with pytest.raises(TimeoutError):
            client.notification(0.01)


def test_a_node_that_ends_is_unreachable(path: Path) -> None:
    with serving(path, Desk()):
        calling, following = Client.connect(path), Client.connect(path)
        following.call("subscribe")
        calling.call("echo", text="before")
    with calling, pytest.raises(UnreachableError, match="has stopped"):
        calling.call("echo", text="after")
    with following, pytest.raises(UnreachableError, match="has stopped"):
        following.notification()


@pytest.mark.parametrize("length", [1, 1 << 20])
def test_a_node_that_is_stopped_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """Whether it stops before the call is written, or before it is answered."""
    monkeypatch.setattr(rpc_client, "SILENCE", 0.02)
    with Child([sys.executable, "-c", STOPPED, path], stdout=subprocess.PIPE) as node:
        assert node.stdout is not None
        node.stdout.readline()
        with Client.connect(path) as client, pytest.raises(UnreachableError, match="stopped") as e:
            client.call("echo", text="a" * length)
        assert str(node.pid) in e.value.hint
        node.kill()


def test_a_call_that_is_too_long_learns_why(path: Path) -> None:
    long = "a" * (3 << 20)
    with (
        serving(path, Desk()),
        Client.connect(path) as client,
        pytest.raises(UsageError, match="1 MiB"),
    ):
        client.call("echo", text=long)


def test_an_error_without_our_name_is_still_one(path: Path) -> None:
    """Another version's node, or no node at all."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with Client(ours) as client, theirs:
        theirs.sendall(b'{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"odd"}}\n')
        with pytest.raises(OnionchatError, match="odd") as caught:
            client.call("status")
    assert caught.value.exit_code == 1
    assert not isinstance(caught.value, RefusedError)
