"""Whatever stands in whatever field of whatever answer, a command prints text and nothing else.

The node's answers are real rows in which each string is a hostile one, also those that
no peer can reach: a command that forgets the renderer is found before a peer finds it.
"""

from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Self

import click
import pytest

from onionchat.cli import main
from onionchat.cli.invocation import Invocation
from onionchat.cli.up import Progress
from onionchat.errors import RefusedError, UserError
from tests.cli.hostile import BIDI, TIME, WIDTHS
from tests.cli.screen import Screen, drawn

ADDRESS = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
SENT = "2026-11-23T12:00:00.000Z"
ID = "0" * 32
HOSTILE = (
    f"\x1b]52;c;aGk=\x07\r\n{TIME} FORGED: hi\x9b2J",
    f"x\nFORGED\v\x85FORGED{''.join(BIDI)}\u2028FORGED\u3164\U000e0041",
    "e" + "\u0301" * 40 + f"\nFORGED {'x' * 300} FORGED {{bootstrap.x}} %s",
    "a FORGED " + "a " * 200 + "\nFORGED",
)

CONTACT = {
    "name": "bob",
    "address": ADDRESS,
    "state": "contact",
    "online": True,
    "verified": False,
    "last_seen": SENT,
    "unread": 2,
    "waiting": 3,
    "reason": "offline",
    "why": "they are offline",
    "hint": "wait",
    "disappearing": 3600,
    "keep": 86400,
    "they_keep": 86400,
}
REQUEST = {"number": 7, "address": ADDRESS, "text": "hi", "received_at": SENT, "state": "blocked"}
MESSAGE = {
    "id": ID,
    "kind": "text",
    "contact": "bob",
    "address": ADDRESS,
    "conversation": "1",
    "direction": "out",
    "text": "hi",
    "state": "sent",
    "seq": 1,
    "missing": 2,
    "late": True,
    "sent_at": SENT,
    "received_at": SENT,
    "cursor": 1,
}
WAITING = {
    "id": ID,
    "contact": "bob",
    "state": "queued",
    "queued_at": SENT,
    "attempts": 2,
    "reason": "offline",
    "why": "they are offline",
    "hint": "wait",
    "expires_at": SENT,
    "left": True,
}
INVITE = {
    "number": 1,
    "name": "bob",
    "made_at": SENT,
    "expires_at": SENT,
    "invite": "onionchat-invite:" + "a" * 200,
}
TOR = {"state": "ready", "bootstrap": 100, "step": "Done", "version": "0.4.8", "warning": "slow"}
STATUS = {
    "running": True,
    "address": ADDRESS,
    "published": True,
    "reachable": "on",
    "reachable_off_at": SENT,
    "inboxes": {"total": 1, "published": 1},
    "invites": {"total": 0, "published": 0},
    "hint": "wait",
    "tor": TOR,
    "requests": 0,
    "contacts": {"total": 2, "online": 1},
    "unread": 0,
    "outbox": 3,
    "waiting": [
        {"messages": 2, "contacts": 1, "reason": "offline", "why": "they are", "hint": "wait"},
        {"messages": 1, "contacts": 1, "reason": None, "why": None, "hint": None},
    ],
}

ANSWERS: dict[str, Any] = {
    "status": STATUS,
    "id": {"address": ADDRESS},
    "reachable": {"reachable": "on", "off_at": SENT},
    "invite.make": INVITE,
    "invite.list": [INVITE],
    "invite.cancel": INVITE,
    "contact.add": CONTACT,
    "contact.list": [CONTACT, CONTACT],
    "contact.show": CONTACT,
    "contact.rename": CONTACT,
    "contact.disappearing": CONTACT,
    "contact.keep": CONTACT,
    "contact.block": CONTACT,
    "contact.unblock": CONTACT,
    "contact.remove": CONTACT,
    "request.list": [REQUEST],
    "request.accept": CONTACT,
    "request.reject": REQUEST,
    "request.block": REQUEST,
    "send": {"id": ID, "contact": "bob", "conversation": "1", "state": "queued", "hint": "queued"},
    "receive": [MESSAGE],
    "receive.ack": {"marked": 1},
    "history": [MESSAGE],
    "history.clear": {"deleted": 3},
    "doctor": [{"check": "them", "ok": True, "detail": "away", "hint": "wait"}],
    "outbox.list": [WAITING],
    "outbox.cancel": WAITING,
    "verify": {"safety_number": "12345 " * 12, "verified": True},
}

COMMANDS = (
    *("status", "id", "receive", "send bob hi", "history show bob", "history clear bob"),
    *(f"contact add bob {ADDRESS}", "contact list", "contact show bob", "contact rename bob rob"),
    *("contact disappearing bob 1h", "contact keep bob 30d"),
    *("contact block bob", "contact unblock bob", "contact remove bob", "verify bob"),
    "verify bob --confirm",
    "doctor bob",
    "reachable",
    *("invite make --name bob", "invite list", "invite cancel 1"),
    *("request list", "request accept 7", "request reject 7", "request block 7"),
    *("outbox list", f"outbox cancel {ID}"),
)
NOT_OF_THE_NODE = {
    *(
        "init",
        "up",
        "unlock",
        "lock",
        "down",
        "panic",
        "rpc",
        "completion",
        "demo",
        "testnet up",
        "testnet down",
        "profile list",
    ),
    *("passphrase change", "backup create", "backup restore"),
}
"""They print what this machine says, or JSON. `up` has a test of its own below."""


class HostileNode:
    """Answers every call with one hostile text in each field."""

    def __init__(self, text: str) -> None:
        self._text = text

    def call(self, method: str, **_: Any) -> Any:
        return poisoned(ANSWERS[method], self._text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def poisoned(value: Any, text: str) -> Any:
    """The answer with each string replaced; only times have to be times."""
    match value:
        case dict():
            return {
                key: kept if key.endswith("_at") or key == "last_seen" else poisoned(kept, text)
                for key, kept in value.items()
            }
        case list():
            return [poisoned(each, text) for each in value]
        case str():
            return text
    return value


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def text(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(Invocation, "existing", lambda _: None)
    node = HostileNode(request.param)
    for module in ("ask", "receive"):
        monkeypatch.setattr(f"onionchat.cli.{module}.connect", lambda _: node)
    return str(request.param)


@pytest.fixture(params=WIDTHS)
def screens(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Screen, Screen]]:
    """stdout and stderr; questions are asked on a third one, and answered with no."""
    with Screen(request.param) as out, Screen(request.param) as err:
        with Screen(request.param, typed=b"n\n") as terminal:
            monkeypatch.setattr("onionchat.cli.prompt.TERMINAL", terminal.name)
            yield out, err
        check(terminal)
        asked = [line.removesuffix("n") for line in terminal.text.split("\r\n")]
        assert all(drawn(line) <= terminal.width for line in asked), "but for the answer"
        shown = out.text + err.text + terminal.text
        assert "FORGED" in "".join(filter(str.isupper, shown))


def test_no_command_was_forgotten() -> None:
    known = NOT_OF_THE_NODE | {" ".join(words(line)) for line in COMMANDS}
    assert set(leaves(main.root)) == known


@pytest.mark.parametrize("command", COMMANDS, ids=lambda line: " ".join(words(line)))
def test_a_hostile_answer_is_only_text(
    text: str, screens: tuple[Screen, Screen], command: str
) -> None:
    assert text
    codes: list[int] = []
    run(screens, lambda: codes.append(main.run(["--color", "never", *command.split()])))
    assert codes != [1], "the test's answer has not the form of a real one"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_question_fits(text: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert text
    with Screen(width, typed=b"n\n") as terminal:
        monkeypatch.setattr("onionchat.cli.prompt.TERMINAL", terminal.name)
        assert main.run(["-q", "contact", "remove", "bob"]) == RefusedError.exit_code
    assert all(drawn(line) <= width for line in terminal.text.split("\r\n"))


@pytest.mark.parametrize("options", [[], ["--debug"], ["-v"]], ids=str)
def test_a_hostile_error_is_only_text(
    text: str,
    screens: tuple[Screen, Screen],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UserError(text, text)

    monkeypatch.setattr(HostileNode, "call", fail)
    run(screens, lambda: main.run([*options, "status"]))
    first = [line.partition(" ")[0] for line in screens[1].lines if line[0] != " "]
    assert first == ["onionchat:", "hint:"]


def test_what_tor_says_is_only_text(text: str, screens: tuple[Screen, Screen]) -> None:
    invocation = Invocation()
    invocation.verbose = 1
    progress = Progress(invocation)

    def tell() -> None:
        progress({"event": "tor", **poisoned(TOR, text)})
        progress({"event": "warning", "message": text})
        progress({"event": "log", "message": text})
        progress({"event": "ready", "address": text})

    run(screens, tell)


def run(screens: tuple[Screen, Screen], work: Callable[[], object]) -> None:
    out, err = screens
    with redirect_stdout(out.stream), redirect_stderr(err.stream):
        work()
    for screen in screens:
        check(screen)
    assert all(drawn(line) <= err.width for line in err.lines)


def check(screen: Screen) -> None:
    screen.close()
    assert screen.text.replace("\r\n", "").isprintable(), ascii(screen.text)
    assert not any(line.startswith("FORGED") for line in screen.text.split("\r\n"))


def words(line: str) -> list[str]:
    """The command without its arguments."""
    command: click.Command = main.root
    path = []
    for word in line.split():
        if not isinstance(command, click.Group):
            break
        path.append(word)
        found = command.get_command(click.Context(command), word)
        assert found is not None, line
        command = found
    return path


def leaves(command: click.Command, *path: str) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, *path, name)
