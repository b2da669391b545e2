"""What the commands ask of the node, and how they print what it answers."""

import json
from typing import Any

import pytest

from onionchat.cli import main
from onionchat.cli.invocation import Invocation
from onionchat.cli.up import Progress

ADDRESS = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
EVIL = "\x1b]52;c;aGk=\x07\nbob: hi\u202e"

CONTACT = {
    "name": EVIL,
    "address": ADDRESS,
    "state": "contact",
    "online": True,
    "verified": False,
    "last_seen": None,
    "unread": 2,
    "waiting": 0,
    "reason": None,
    "why": EVIL,
    "hint": EVIL,
}
REQUEST = {
    "number": 7,
    "address": ADDRESS,
    "text": EVIL,
    "received_at": "2026-11-23T12:00:00.123Z",
}
MESSAGE = {
    "id": "0" * 32,
    "kind": "text",
    "contact": EVIL,
    "conversation": "1",
    "direction": "out",
    "text": EVIL,
    "state": "delivered",
    "sent_at": "2026-11-23T12:00:00.123Z",
    "received_at": None,
}
STATUS = {
    "running": True,
    "address": ADDRESS,
    "published": True,
    "reachable": "on",
    "reachable_off_at": None,
    "inboxes": {"total": 1, "published": 1},
    "invites": {"total": 2, "published": 1},
    "hint": EVIL,
    "tor": {"state": "ready", "bootstrap": 100, "step": EVIL, "version": None, "warning": EVIL},
    "contacts": {"total": 2, "online": 1},
    "requests": 0,
    "unread": 0,
    "outbox": 3,
    "waiting": [{"messages": 3, "contacts": 2, "reason": EVIL, "why": EVIL, "hint": EVIL}],
}
SENT = {"id": "0" * 32, "contact": EVIL, "conversation": "1", "state": "queued", "hint": EVIL}
ADDED = {"name": EVIL, "address": ADDRESS, "state": "requested"}
ANSWERED = {"number": 7, "address": ADDRESS, "state": "blocked"}

CASES: list[tuple[str, str, dict[str, Any], Any]] = [
    ("status", "status", {}, STATUS),
    ("contact list", "contact.list", {"prefix": None}, [CONTACT, CONTACT]),
    ("contact list b", "contact.list", {"prefix": "b"}, []),
    ("contact show bob", "contact.show", {"name": "bob"}, CONTACT),
    (
        f"contact add bob ONIONCHAT:{ADDRESS.upper()} -m hello",
        "contact.add",
        {"name": "bob", "address": ADDRESS, "text": "hello"},
        ADDED,
    ),
    ("request list", "request.list", {}, [REQUEST]),
    ("request accept 7 --name bob", "request.accept", {"who": "7", "name": "bob"}, ADDED),
    (f"request reject {ADDRESS}", "request.reject", {"who": ADDRESS}, ANSWERED),
    ("request block 7", "request.block", {"who": "7"}, ANSWERED),
    (
        "send bob hello --wait sent --timeout 2 --verified --expires 3d --delay 1h..6h",
        "send",
        {"name": "bob", "text": "hello", "wait": "sent", "timeout": 2.0, "verified": True}
        | {"expires": 3 * 86400.0, "delay": (3600.0, 21600.0), "at": None},
        SENT,
    ),
    ("history bob", "history", {"name": "bob", "limit": 50, "before": None}, [MESSAGE]),
    ("id", "id", {}, {"address": ADDRESS}),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the node was asked; it answers from the cases."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def ask(_: Invocation, method: str, **params: Any) -> Any:
        calls.append((method, params))
        return next(answer for _, name, given, answer in CASES if (name, given) == (method, params))

    for module in ("profile", "node", "contact", "request", "send", "history"):
        for name in ("ask", "ask_anyway"):
            monkeypatch.setattr(f"onionchat.cli.{module}.{name}", ask, raising=False)
    return calls


@pytest.mark.parametrize(("line", "method", "params", "answer"), CASES, ids=[c[0] for c in CASES])
def test_json_rows_are_what_the_verb_answers(
    asked: list[tuple[str, dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
    line: str,
    method: str,
    params: dict[str, Any],
    answer: Any,
) -> None:
    assert main.run(["--json", *line.split()]) == 0
    assert asked == [(method, params)]
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert rows == (answer if isinstance(answer, list) else [answer])


@pytest.mark.parametrize("color", ["never", "always"])
@pytest.mark.parametrize("line", [case[0] for case in CASES])
def test_text_rows_are_rendered(
    asked: list[tuple[str, dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
    line: str,
    color: str,
) -> None:
    assert main.run(["--color", color, *line.split()]) == 0
    out = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert not set("\x1b\x07\u202e") & set(out)
    assert not any(row.startswith("bob:") for row in out.splitlines())
    assert asked


def test_a_list_without_rows_says_so(
    asked: list[tuple[str, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    main.run(["contact", "list", "b"])
    assert capsys.readouterr() == ("", "no contact's name begins so\n")
    main.run(["-q", "contact", "list", "b"])
    assert capsys.readouterr() == ("", "")
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "code"), [("a" * 16_384, 0), ("a" * 16_385, 8), ("ü" * 8192, 0), ("ü" * 8193, 8)]
)
def test_a_message_has_a_length_in_bytes(
    monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    monkeypatch.setattr("onionchat.cli.send.ask", lambda *_, **__: SENT)
    assert main.run(["send", "bob", text]) == code


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("3d", 259_200),
        ("1w", 604_800),
        ("366d", 31622400),
    ],
)
def test_a_time_has_a_unit(monkeypatch: pytest.MonkeyPatch, text: str, seconds: int) -> None:
    seen: list[float] = []

    def ask(*_: object, **params: Any) -> Any:
        seen.append(params["expires"])
        return SENT

    monkeypatch.setattr("onionchat.cli.send.ask", ask)
    assert main.run(["send", "bob", "hi", "--expires", text]) == 0
    assert seen == [seconds]


@pytest.mark.parametrize(
    "text", ["0s", "30", "2 h", "-1h", "1.5h", "1h30m", "367d", "३h", "9" * 20]
)
def test_no_other_time_is_taken(text: str) -> None:
    assert main.run(["send", "bob", "hi", "--expires", text]) == 2


@pytest.mark.parametrize(("text", "code"), [("ü" * 500, 0), ("ü" * 501, 8), ("\udcff", 2)])
def test_a_request_has_a_length_in_characters(
    monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    monkeypatch.setattr("onionchat.cli.contact.ask", lambda *_, **__: ADDED)
    assert main.run(["contact", "add", "bob", ADDRESS, "-m", text]) == code


def test_a_timeout_from_the_environment_is_for_other_commands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[dict[str, Any]] = []

    def ask(*_: object, **params: Any) -> Any:
        seen.append(params)
        return SENT

    monkeypatch.setattr("onionchat.cli.send.ask", ask)
    monkeypatch.setenv("ONIONCHAT_TIMEOUT", "9")
    assert main.run(["send", "bob", "hi"]) == 0
    assert main.run(["send", "bob", "hi", "--wait", "sent"]) == 0
    assert [params["timeout"] for params in seen] == [None, 9.0]


def test_progress_is_on_stderr_and_ready_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Invocation())
    tor = {"event": "tor", "state": "bootstrapping", "bootstrap": 14, "step": "handshaking"}
    tor["warning"] = None
    for said in (tor, tor, {"event": "warning", "message": EVIL}):
        progress(said)
    progress({"event": "ready", "address": ADDRESS})
    out, err = capsys.readouterr()
    assert out == f"ready {ADDRESS}\n"
    first, second = err.splitlines()
    assert first == "tor: connecting to the network, 14 % (handshaking)"
    assert second.startswith("warning: \\u{1b}]52")


def test_that_tor_is_connected_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Later, when it was lost and is back, nothing else says that the address is announced."""
    progress = Progress(Invocation())
    tor = {"event": "tor", "state": "ready", "bootstrap": 100, "step": None, "warning": None}
    for said in (tor | {"step": "announcing"}, tor, {"event": "ready", "address": ADDRESS}):
        progress(said)
    assert capsys.readouterr().err == "tor: connected to the network (announcing)\n"
    for said in (tor | {"state": "lost"}, tor | {"step": "announcing"}, tor):
        progress(said)
    assert capsys.readouterr().err.splitlines() == [
        "tor: not reachable",
        "tor: connected to the network (announcing)",
        "tor: connected to the network",
    ]


def test_progress_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Invocation(as_json=True))
    tor = {"event": "tor", "state": "ready", "bootstrap": 100, "step": None, "warning": None}
    ready = {"event": "ready", "address": ADDRESS}
    progress(tor)
    progress(ready)
    out, err = capsys.readouterr()
    assert (json.loads(out), json.loads(err)) == (ready, tor)
