"""The examples, run as a person runs them: through `onionchat`, against whole nodes."""

import fcntl
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onionchat.rpc.client import Client
from tests.child import Child
from tests.rpc.neighbour import Neighbour, befriend

EXAMPLES = Path(__file__).parents[2] / "examples"
ROUNDS = 20
LINES = (80, 260)
"""The intake is killed at one of these lines: from where it asks to where it has acknowledged."""
TEXTS = (
    "plain",
    "../../etc/passwd",
    "\x1b[31mred",
    "a\nb\r\nc",
    "日本語 🧅",
    "\u202egnp.exe",
    "x" * 9000,
)


def start(example: str, node: Neighbour, *words: str, killed_at: int | None = None) -> Child[str]:
    runner = [] if killed_at is None else ["-m", "tests.rpc.killed_at", str(killed_at)]
    return Child(
        [sys.executable, *runner, str(EXAMPLES / example), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=node.environment(),
    )


def end(bot: Child[str], patience: float = 0) -> set[str]:
    """Kill it if it does not end by itself; the lines that it has printed."""
    with suppress(subprocess.TimeoutExpired):
        bot.wait(patience)
    bot.kill()
    return set(bot.communicate()[0].splitlines())


@contextmanager
def running(bot: Child[str]) -> Iterator[None]:
    try:
        yield
    finally:
        end(bot)


def test_the_echo_bot_fits_on_a_page() -> None:
    assert len((EXAMPLES / "echo_bot.py").read_text().splitlines()) <= 40


def test_the_echo_bot_answers_and_two_of_them_do_not_go_on_for_ever(tmp_path: Path) -> None:
    with Neighbour(tmp_path, "alice") as alice, Neighbour(tmp_path, "bob") as bob:
        befriend(alice, bob)
        with running(start("echo_bot.py", bob)), alice.client() as client:
            for text in TEXTS:
                client.call("send", name="bob", text=text)
            answers = [row["text"] for row in heard(client, len(TEXTS))]
            assert answers == [f"echo: {text}" for text in TEXTS]
            client.call("send", name="bob", text="echo: I am one too")
            client.call("send", name="bob", text="the last")
            assert [row["text"] for row in heard(client, 1)] == ["echo: the last"]


def heard(client: Client, count: int) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    while len(rows) < count:
        rows += client.call("receive", timeout=30)
        client.call("receive.ack", cursors=[row["cursor"] for row in rows])
    return rows


def test_every_message_is_one_file_whatever_is_killed(tmp_path: Path) -> None:
    files, chance = tmp_path / "intake", random.Random()
    sent, names = dict[str, str](), set[str]()
    with Neighbour(tmp_path, "alice") as alice, Neighbour(tmp_path, "bob") as bob:
        befriend(alice, bob)
        with alice.client() as client, alice.client() as bell:
            bell.call("subscribe")
            for _ in range(ROUNDS):
                send(client, sent)
                early = chance.randint(1, len(TEXTS))
                deliveries(bell, early)
                line = chance.randint(*LINES)
                intake = start("newsroom_intake.py", bob, str(files), killed_at=line)
                if chance.random() < 0.3:
                    bob.kill()
                    bob.start()
                deliveries(bell, len(TEXTS) - early)
                names |= end(intake, patience=2)
        intake = start("newsroom_intake.py", bob, str(files))
        assert intake.stdout is not None
        while len(names) < len(sent):
            names.add(intake.stdout.readline().strip())
        end(intake)
    assert {path.name for path in files.iterdir()} == names
    kept = [json.loads(path.read_text(encoding="ascii")) for path in files.iterdir()]
    assert {row["id"]: row["text"] for row in kept} == sent
    assert len(kept) == len(sent)


def send(client: Client, sent: dict[str, str]) -> None:
    for text in [f"{len(sent) + number} {text}" for number, text in enumerate(TEXTS)]:
        sent[client.call("send", name="bob", text=text)["id"]] = text


def deliveries(bell: Client, count: int) -> None:
    """Wait for so many."""
    while count:
        count -= bell.notification(60)["params"].get("state") == "delivered"


def test_the_intake_says_what_is_wrong(tmp_path: Path) -> None:
    files = tmp_path / "intake"
    files.mkdir()
    bob = Neighbour(tmp_path, "bob")
    with bob:
        pass
    alone = start("newsroom_intake.py", bob, str(files))
    assert "the node has gone" in alone.communicate(timeout=30)[1]
    assert alone.returncode == 1
    held = os.open(files, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    second = start("newsroom_intake.py", bob, str(files))
    assert "another one writes" in second.communicate(timeout=30)[1]
    os.close(held)
