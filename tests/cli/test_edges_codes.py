"""Each exit code of the contract by at least three different mistakes: this table is the list.

Every line is a real process on a real profile, whose node runs without a tor where one is
needed. Code 1 is a bug, and not in it. Each mistake is made twice: a person is told a
sentence and a hint, a script one JSON object.
"""

import json
import os
import re
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from onionchat.cli.send import QUEUED
from tests.child import Child
from tests.cli.machine import BOB, NOWHERE, Done, Machine, finished
from tests.cli.test_secrets import descendants

Mistake = Callable[[Machine], Done]


def harmed(name: str, content: bytes | None) -> Mistake:
    """The profile is opened with a file of other content, or without it; by both who open one."""

    def scene(m: Machine) -> Done:
        if content is None:
            (m.profile / name).unlink()
        else:
            (m.profile / name).write_bytes(content)
        started = unchanged(m, lambda: m.unlocked("up", *NOWHERE))
        read = unchanged(m, lambda: m.unlocked("id"))
        assert started == read
        return read

    return scene


def unchanged(m: Machine, mistake: Callable[[], Done]) -> Done:
    """Every file that says what the profile is stays as it is, and none is made anew."""
    before = files(m)
    done = mistake()
    assert files(m) == before
    return done


def files(m: Machine) -> dict[str, bytes]:
    passing = {"lock", "store.db-wal", "store.db-shm"}
    return {
        path.name: path.read_bytes()
        for path in m.profile.iterdir()
        if path.is_file() and path.name not in passing
    }


def a_tor(script: str) -> Mistake:
    """`up` with a tor of one's own that does this."""

    def scene(m: Machine) -> Done:
        tor = m.home / "tor"
        tor.write_text(f"#!/bin/sh\n{script}\n")
        tor.chmod(0o755)
        return m.unlocked("up", "--tor", str(tor))

    return scene


DIES = """
case "$*" in *--version*) echo "Tor version 0.4.9.12."; exit ;; esac
echo "[warn] {}"
exit 1
"""
IN_USE = "It looks like another Tor process is running with the same data directory."


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
    (3, "a tor that is too old", a_tor("echo 'Tor version 0.4.7.16.'")),
    (3, "a tor that dies at its start", a_tor(DIES.format("Something unheard of"))),
    (3, "a tor whose directory is in use", a_tor(DIES.format(IN_USE))),
    (3, "a tor that finds the clock wrong", a_tor(DIES.format("Our clock is 3 hours behind"))),
    (
        6,
        "a wrong passphrase",
        lambda m: unchanged(m, lambda: m("--passphrase-fd", "0", "id", stdin="wrong\n")),
    ),
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
    (9, "no database", harmed("store.db", None)),
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


def typing(m: Machine, *words: str) -> Done:
    """At a terminal where nobody types: who is asked for a text would wait for ever."""
    keyboard, terminal = os.openpty()
    try:
        with m.start(*words, stdin=terminal) as process:
            return finished(process)
    finally:
        os.close(keyboard)
        os.close(terminal)


TYPED = [("send", "nobody"), ("contact", "add", "carol", BOB, "-m", "-")]


def test_no_text_is_asked_for_that_cannot_be_sent(running: Machine, machine: Machine) -> None:
    for words in TYPED:
        typing(machine, *words).refused(3, "node is not running")
    typing(running, *TYPED[0]).refused(7, "nobody")


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
    running: Machine, number: signal.Signals, options: list[str], words: str
) -> None:
    """130; test_main.py has the reader who leaves, test_edges_signals.py any moment."""
    assert interrupted(running, number, *options) == Done(130, "", words)


def test_a_starter_that_blocks_or_ignores_signals_does_not_make_us_deaf(running: Machine) -> None:
    ignoring = partial(signal.signal, signal.SIGTERM, signal.SIG_IGN)
    assert interrupted(running, signal.SIGTERM, preexec_fn=ignoring).code == 130
    blocking = partial(signal.pthread_sigmask, signal.SIG_BLOCK, signal.valid_signals())
    assert interrupted(running, signal.SIGINT, preexec_fn=blocking).code == 130


def test_a_person_is_told_what_to_write_and_what_to_paste(running: Machine) -> None:
    for asks, command in ASKS.items():
        assert interrupted(running, signal.SIGINT, command=command, asks=asks).code == 130


ASKS = {
    "Write the text": ("send", "bob"),
    "Paste the invite or the address": ("contact", "add", "carol", "-"),
}


def interrupted(
    m: Machine,
    number: signal.Signals,
    *words: str,
    command: Sequence[str] = ("send", "bob"),
    asks: str = "",
    **options: Any,
) -> Done:
    """A command that waits for a person to write."""
    keyboard, terminal = os.openpty()
    with m.start(*words, *command, stdin=terminal, **options) as waiting:
        assert waiting.stderr is not None
        assert re.search(f"{asks}.*Ctrl-D", waiting.stderr.readline().decode())
        waiting.send_signal(number)
        done = finished(waiting)
    os.close(keyboard)
    os.close(terminal)
    return done


def interrupt(up: Child[bytes], waiting: Child[bytes]) -> None:
    waiting.send_signal(signal.SIGINT)


def kill_the_node(up: Child[bytes], waiting: Child[bytes]) -> None:
    _, node = descendants(up.pid)
    os.kill(node, signal.SIGKILL)


@pytest.mark.parametrize(("end", "code"), [(interrupt, 130), (kill_the_node, 3)])
def test_who_did_not_wait_to_the_end_is_told_not_to_send_it_again(
    machine: Machine, end: Callable[[Child[bytes], Child[bytes]], None], code: int
) -> None:
    with machine.node() as up:
        machine("contact", "add", "bob", BOB)
        with machine.start("send", "bob", "never mind", "--wait", "sent") as waiting:
            while not queued(machine):
                assert waiting.poll() is None
            end(up, waiting)
            done = finished(waiting)
    assert (done.code, done.out) == (code, "")
    assert done.err.splitlines()[1:] == [f"hint: {QUEUED}"]


def test_every_code_has_three_mistakes() -> None:
    found = [code for code, _, _ in OFFLINE + ONLINE] + [130] * len(INTERRUPTED)
    assert {code: found.count(code) for code in [*range(2, 10), 130] if found.count(code) < 3} == {}
