"""Each exit code of the contract by at least three different mistakes: this table is the list.

Every line is a real process on a real profile, whose node runs without a tor where one is
needed. Code 1 is a bug, and not in it. Each mistake is made twice: a person is told a
sentence and a hint, a script one JSON object.
"""

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.cli.machine import BOB, NOWHERE, Done, Machine, finished

Mistake = Callable[[Machine], Done]


def harmed(name: str, content: bytes) -> Mistake:
    """The profile is opened with a file of other content."""

    def scene(m: Machine) -> Done:
        (m.profile / name).write_bytes(content)
        return m.unlocked("id")

    return scene


def readable(m: Machine) -> Done:
    m.profile.chmod(0o755)
    return m.unlocked("id")


def cut_backup(m: Machine) -> Done:
    file = m.home / "cut"
    file.write_bytes(b"onionchat backup")
    return m.unlocked("-p", "new", "backup", "restore", "cut")


OFFLINE: list[tuple[int, str, Mistake]] = [
    (2, "no command", lambda m: m()),
    (2, "no such command", lambda m: m("nosuch")),
    (2, "a group without a command", lambda m: m("contact")),
    (2, "an address with a slip", lambda m: m("contact", "add", "bob", BOB[1:])),
    (2, "a text that is not UTF-8", lambda m: m("send", "bob", stdin=b"\xff")),
    (2, "nonsense in a variable", lambda m: m("receive", environ={"ONIONCHAT_TIMEOUT": "soon"})),
    (2, "a descriptor that is not open", lambda m: m("--passphrase-fd", "99", "id")),
    (3, "no node to send with", lambda m: m("send", "bob", "hi")),
    (3, "no node to ask", lambda m: m("status")),
    (3, "no tor", lambda m: m.unlocked("up", *NOWHERE, "--timeout", "0.1")),
    (3, "a tor that is no program", lambda m: m.unlocked("up", "--tor", "/etc/passwd")),
    (6, "a wrong passphrase", lambda m: m("--passphrase-fd", "0", "id", stdin="wrong\n")),
    (6, "nobody to ask for the passphrase", lambda m: m("id")),
    (6, "nobody to ask for a new one", lambda m: m("-p", "new", "init")),
    (7, "no such profile", lambda m: m("-p", "nobody", "status")),
    (7, "no such contact", lambda m: m.unlocked("history", "bob")),
    (7, "no such contact to verify", lambda m: m.unlocked("verify", "bob")),
    (8, "the profile is there already", lambda m: m.unlocked("init")),
    (8, "others can read the profile", readable),
    (8, "a text that is too long", lambda m: m("send", "bob", stdin="x" * 20_000)),
    (8, "stdin has no end", lambda m: m("send", "bob", stdin="x" * (2 << 20))),
    (9, "a damaged keyslot", harmed("keyslot", b"\xff" * 4096)),
    (9, "an empty database", harmed("store.db", b"")),
    (9, "a database of noise", harmed("store.db", b"\xff" * 8192)),
    (9, "a counter that is no number", harmed("generation", b"x")),
    (9, "a backup that was cut short", cut_backup),
]


FORMS = pytest.mark.parametrize("environ", [{}, {"ONIONCHAT_JSON": "1"}], ids=["text", "json"])


@FORMS
@pytest.mark.parametrize(
    ("code", "mistake"),
    [pytest.param(code, scene, id=f"{code}: {name}") for code, name, scene in OFFLINE],
)
def test_without_a_node(
    machine: Machine, code: int, mistake: Mistake, environ: dict[str, str]
) -> None:
    mistake(Machine(machine.home, **environ)).refused(code)


def cancelled(m: Machine) -> Done:
    """Somebody waits for a message, which is cancelled elsewhere."""
    before = queued(m)
    with m.start("send", "bob", "never mind", "--wait", "sent") as waiting:
        while not (new := queued(m) - before):
            assert waiting.poll() is None
        m("outbox", "cancel", *new)
        return finished(waiting)


def queued(m: Machine) -> set[str]:
    return {json.loads(row)["id"] for row in m("outbox", "list", "--json").out.splitlines()}


ONLINE: list[tuple[int, str, Mistake]] = [
    (2, "a number with too few digits", lambda m: m("verify", "bob", "--confirm", "1")),
    (4, "send only if verified", lambda m: m("send", "--verified", "bob", "hi")),
    (
        4,
        "the same from the environment",
        lambda m: m("send", "bob", "hi", environ={"ONIONCHAT_VERIFIED": "1"}),
    ),
    (4, "a safety number that differs", lambda m: m("verify", "bob", "--confirm", "00000")),
    (5, "nothing came", lambda m: m("receive", "--timeout", "0.1")),
    (5, "nothing came to follow", lambda m: m("receive", "--follow", "--timeout", "0.1")),
    (5, "it did not leave", lambda m: m("send", "bob", "hi", "--wait", "sent", "--timeout", "0.1")),
    (5, "it was cancelled", cancelled),
    (7, "no such message", lambda m: m("outbox", "cancel", "0" * 32)),
    (7, "no such request", lambda m: m("request", "accept", "99")),
    (8, "a second node", lambda m: m.unlocked("up", *NOWHERE)),
    (8, "one's own address", lambda m: m("contact", "add", "myself", m.address())),
    (8, "a name that is taken", lambda m: m("contact", "add", "bob", m.address())),
]


@FORMS
@pytest.mark.parametrize(
    ("code", "mistake"),
    [pytest.param(code, scene, id=f"{code}: {name}") for code, name, scene in ONLINE],
)
def test_with_a_node(
    running: Machine, code: int, mistake: Mistake, environ: dict[str, str]
) -> None:
    mistake(Machine(running.home, **environ)).refused(code)


INTERRUPTED = {
    "Ctrl-C": signal.SIGINT,
    "SIGTERM": signal.SIGTERM,
    "the terminal was closed": signal.SIGHUP,
}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "onionchat: interrupted\n"),
        (["--json"], '{"error": "interrupted", "message": "interrupted", "hint": null}\n'),
    ],
    ids=["text", "json"],
)
@pytest.mark.parametrize("number", INTERRUPTED.values(), ids=INTERRUPTED)
def test_interrupted(
    machine: Machine, number: signal.Signals, options: list[str], words: str
) -> None:
    """130; test_main.py has the reader who leaves, test_edges_signals.py any moment."""
    keyboard, terminal = os.openpty()
    with machine.start(*options, "send", "bob", stdin=terminal) as waiting:
        assert waiting.stderr is not None
        assert b"Ctrl-D" in waiting.stderr.readline()
        waiting.send_signal(number)
        assert finished(waiting) == Done(130, "", words)
    os.close(keyboard)
    os.close(terminal)


def test_every_code_has_three_mistakes() -> None:
    found = [code for code, _, _ in OFFLINE + ONLINE] + [130] * len(INTERRUPTED)
    assert {code: found.count(code) for code in [*range(2, 10), 130] if found.count(code) < 3} == {}
