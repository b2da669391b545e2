"""One client's calls: side by side, answered to the end, and not for ever.

Nothing here sleeps: what must have happened is waited for, at the desk or at the socket.
"""

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from onionchat.errors import LocalError, RefusedError, UserError
from onionchat.rpc import jsonrpc, session
from onionchat.rpc.session import CALLS
from onionchat.tor import link
from tests.rpc.served import VERBS, Desk, Echo, Feed, Nothing, serving, verb

WAIT = 20.0


class Wire:
    """A client that writes what it likes and reads line by line."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.lines = sock.makefile("rb")

    def ask(self, number: int, method: str, params: Any = None) -> None:
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.sock.sendall(json.dumps(request).encode() + b"\n")

    def hear(self) -> Any:
        """The next line, or None at the end."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def write_until_closed(self) -> None:
        """Fails by the socket's own time-out if nobody closes."""
        with suppress(BrokenPipeError):
            while True:
                self.sock.sendall(b"a" * 65_536)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rpc.sock"


@contextmanager
def wire(path: Path) -> Iterator[Wire]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(WAIT)
        sock.connect(str(path))
        client = Wire(sock)
        with client.lines:
            yield client


def test_a_call_that_waits_holds_up_no_other(path: Path) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.ask(1, "hold")
        client.ask(2, "echo", ["quick"])
        assert client.hear() == {"jsonrpc": "2.0", "id": 2, "result": {"text": "quick"}}
        client.ask(3, "open")
        assert {client.hear()["id"], client.hear()["id"]} == {1, 3}


def test_eight_calls_at_once_and_the_rest_in_their_turn(path: Path) -> None:
    desk = Desk()
    with serving(path, desk), wire(path) as client, wire(path) as other:
        for number in range(CALLS + 1):
            client.ask(number, "hold")
        for _ in range(CALLS):
            assert desk.entered.acquire(timeout=WAIT)
        other.ask(1, "echo", ["not held up"])
        assert other.hear()["result"] == {"text": "not held up"}
        assert not desk.entered.acquire(blocking=False)
        other.ask(2, "open")
        assert sorted(client.hear()["id"] for _ in range(CALLS + 1)) == list(range(CALLS + 1))


def test_a_client_that_has_said_all_is_answered_to_the_end(path: Path) -> None:
    desk = Desk()
    with serving(path, desk), wire(path) as client, wire(path) as other:
        client.ask(1, "subscribe")
        assert client.hear()["result"] == {"cursor": 0}
        client.ask(2, "hold")
        client.sock.shutdown(socket.SHUT_WR)
        assert desk.entered.acquire(timeout=WAIT)
        other.ask(1, "open")
        assert client.hear()["result"] == "open"
        assert client.hear() is None


def test_the_last_line_needs_no_newline(path: Path) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["bare"]}')
        client.sock.shutdown(socket.SHUT_WR)
        assert client.hear()["result"] == {"text": "bare"}
        assert client.hear() is None


def test_a_client_that_has_gone_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "GRACE", 0.01)
    desk = Desk()
    with serving(path, desk):
        with wire(path) as client:
            for number in range(CALLS + 1):
                client.ask(number, "hold")
            for _ in range(CALLS):
                assert desk.entered.acquire(timeout=WAIT)
        assert [desk.left.get(timeout=WAIT) for _ in range(CALLS)] == ["cancelled"] * CALLS


def test_a_client_that_has_gone_has_what_it_asked_done(path: Path) -> None:
    desk = Desk()
    with serving(path, desk), wire(path) as other:
        with wire(path) as client:
            client.ask(1, "hold")
            assert desk.entered.acquire(timeout=WAIT)
        for number in range(3):  # turns of the server's loop: it has seen the client go
            other.ask(number, "echo", ["."])
            other.hear()
        other.ask(3, "open")
        assert desk.left.get(timeout=WAIT) == "done"


def test_a_notification_is_done_and_not_answered(path: Path) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.ask(1, "hold")
        client.sock.sendall(b'{"jsonrpc":"2.0","method":"open"}\n')
        client.sock.sendall(b'{"jsonrpc":"2.0","method":"no such"}\n')
        assert client.hear()["id"] == 1
        client.ask(2, "echo", ["next"])
        assert client.hear()["id"] == 2


def test_the_longest_line_is_a_mebibyte(path: Path) -> None:
    frame = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["%s"]}\n'
    fits = frame % (b"a" * (jsonrpc.LINE_LIMIT - len(frame) + 2))
    assert len(fits) == 1 << 20
    with serving(path, Desk()), wire(path) as client:
        client.sock.sendall(fits)
        assert "result" in client.hear()
        client.write_until_closed()
        assert "1 MiB" in client.hear()["error"]["message"]


def test_a_line_one_byte_too_long_is_the_last(path: Path) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.sock.sendall(b" " * jsonrpc.LINE_LIMIT + b"\n")
        assert "1 MiB" in client.hear()["error"]["message"]
        client.write_until_closed()


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("no.such", None, jsonrpc.NO_METHOD),
        ("echo", None, jsonrpc.INVALID_PARAMS),
        ("echo", {"text": 7}, jsonrpc.INVALID_PARAMS),
        ("echo", {"text": "a", "more": 1}, jsonrpc.INVALID_PARAMS),
        ("subscribe", {"since": -1}, jsonrpc.INVALID_PARAMS),
        ("subscribe", {"since": 1 << 63}, jsonrpc.INVALID_PARAMS),
        ("subscribe", {"since": "1"}, jsonrpc.INVALID_PARAMS),
    ],
)
def test_what_cannot_be_called_is_a_usage_error(
    path: Path, method: str, params: Any, code: int
) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.ask(1, method, params)
        error = client.hear()["error"]
        assert error["code"] == code
        assert error["data"]["error"] == "usage"
        assert error["data"]["hint"]


@pytest.mark.parametrize("kind", UserError.__subclasses__())
def test_what_a_verb_refuses_is_told(path: Path, kind: type[UserError]) -> None:
    async def refuse(_: object, __: object) -> None:
        raise kind("what happened", "what to do")

    with serving(path, Desk(), {"fail": verb(Nothing, refuse)}), wire(path) as client:
        client.ask(1, "fail")
        error = client.hear()["error"]
    assert error == {
        "code": -32010 - kind.exit_code,
        "message": "what happened",
        "data": {"error": kind.name, "hint": "what to do"},
    }


@pytest.mark.parametrize(
    "bug",
    [
        KeyError("the secret"),
        LocalError("the secret"),
        TimeoutError("the secret"),
        ConnectionResetError("the secret"),
        msgspec.ValidationError("the secret"),
    ],
    ids=lambda bug: type(bug).__name__,
)
def test_a_bug_is_told_as_one_and_its_values_nowhere(
    path: Path, bug: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: object, params: Echo) -> None:
        raise bug

    table = {**VERBS, "fail": verb(Echo, fail)}
    with caplog.at_level(logging.DEBUG), serving(path, Desk(), table), wire(path) as client:
        client.ask(1, "fail", ["the secret"])
        answer = client.hear()
        assert answer["error"]["code"] == -32011
        assert answer["error"]["data"]["error"] == "internal"
        client.ask(2, "echo", ["and on"])
        assert client.hear()["result"] == {"text": "and on"}
    assert "the secret" not in json.dumps(answer) + caplog.text
    assert "test_session.py" in caplog.text  # where it was


def test_a_result_that_is_no_json_is_a_bug(path: Path) -> None:
    async def wrong(_: object, __: object) -> object:
        return object()

    with serving(path, Desk(), {"wrong": verb(Nothing, wrong)}), wire(path) as client:
        client.ask(1, "wrong")
        assert client.hear()["error"]["code"] == -32011


def numbered(count: int, **more: str) -> list[dict[str, Any]]:
    return [{"cursor": number + 1, **more} for number in range(count)]


@pytest.mark.parametrize(("since", "expected"), [(0, [1, 2, 3]), (2, [3]), (3, []), (None, [])])
def test_a_subscriber_gets_what_came_after_its_cursor(
    path: Path, since: int | None, expected: list[int]
) -> None:
    desk = Desk(Feed(numbered(3)))
    with serving(path, desk), wire(path) as client:
        client.ask(1, "subscribe", {"since": since})
        assert client.hear() == {"jsonrpc": "2.0", "id": 1, "result": {"cursor": 3}}
        for cursor in expected:
            told = {"method": "message.received", "params": {"cursor": cursor}}
            assert client.hear() == {"jsonrpc": "2.0", **told}
        client.ask(2, "echo", ["nothing between"])
        assert client.hear()["id"] == 2


def test_one_subscription_on_one_connection(path: Path) -> None:
    with serving(path, Desk()), wire(path) as client:
        client.ask(1, "subscribe", {"since": 0})
        assert client.hear()["id"] == 1
        client.ask(2, "subscribe", {"since": 0})
        assert client.hear()["error"]["code"] == -32010 - RefusedError.exit_code


def test_a_subscriber_that_does_not_read_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PATIENCE", 0.05)
    monkeypatch.setattr(session, "GRACE", 0.01)
    monkeypatch.setattr(link, "LINGER", 0.01)
    desk = Desk(Feed(numbered(200, filler="a" * 100_000)))
    with serving(path, desk), wire(path) as client, wire(path) as other:
        client.ask(1, "subscribe", {"since": 0})
        client.ask(2, "hold")
        assert desk.left.get(timeout=WAIT) == "cancelled"
        client.write_until_closed()
        other.ask(1, "echo", ["not held up"])
        assert other.hear()["result"] == {"text": "not held up"}


def test_a_subscriber_that_reads_gets_everything(path: Path) -> None:
    events = numbered(200, filler="a" * 10_000)
    with serving(path, Desk(Feed(events))), wire(path) as client:
        client.ask(1, "subscribe", {"since": 0})
        assert client.hear()["id"] == 1
        assert [client.hear()["params"]["cursor"] for _ in events] == list(range(1, 201))


def test_a_store_that_fails_ends_the_subscriber_and_not_the_node(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise OverflowError("the secret")

    with serving(path, Desk(Feed(then=fail))), wire(path) as client, wire(path) as other:
        client.ask(1, "subscribe")
        assert client.hear()["id"] == 1
        assert client.hear() is None
        other.ask(1, "echo", ["still here"])
        assert other.hear()["result"] == {"text": "still here"}
    assert "the secret" not in caplog.text
    assert "OverflowError" in caplog.text
