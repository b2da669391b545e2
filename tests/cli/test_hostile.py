"""A thousand hostile texts through the real commands to a real terminal of every width.

Each terminal line is looked at as the terminal gets it: no control among its characters,
not wider than the terminal, and at the first column only what we wrote.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from onionchat.cli import main
from onionchat.cli.output import local
from tests.cli.hostile import WIDTHS, corpus
from tests.cli.screen import Screen, drawn
from tests.cli.scripted_node import ScriptedNode

HOSTILE = corpus()
ADDRESS = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
SENT = "2026-11-23T12:00:00.000Z"
PART_OF_WRITING = set("\u200c\u200d\ufe0e\ufe0f")


@pytest.fixture(params=WIDTHS)
def screen(request: pytest.FixtureRequest) -> Iterator[Screen]:
    with Screen(request.param) as screen:
        yield screen


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> ScriptedNode:
    node = ScriptedNode()
    monkeypatch.setattr("onionchat.cli.receive.connect", lambda _: node)
    return node


def test_the_corpus_is_large_enough() -> None:
    assert len(HOSTILE) >= 1000


def test_received_texts_stay_in_their_place(node: ScriptedNode, screen: Screen) -> None:
    for text in HOSTILE:
        node.arrive(text)
    assert shown(screen, "receive") == len(HOSTILE)
    heads = [line for line in screen.lines if line[:1] not in {"", " "}]
    assert all(
        head.startswith(local(SENT) + (" bob:" if screen.width > 20 else "")) for head in heads
    )


def test_names_stay_in_their_place(node: ScriptedNode, screen: Screen) -> None:
    for name in HOSTILE:
        node.arrive("hi", name)
    assert shown(screen, "receive") == len(HOSTILE)


def test_history_stays_in_its_place(
    node: ScriptedNode, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in HOSTILE:
        node.arrive(text)
    for number, row in enumerate(node.rows):
        row |= {"direction": ("in", "out")[number % 2], "state": ("read", "sent")[number % 2]}
    monkeypatch.setattr("onionchat.cli.history.ask_anyway", lambda *_, **__: node.rows)
    assert shown(screen, "history", "bob") == len(HOSTILE)


def test_requests_stay_in_their_place(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"number": 7, "address": ADDRESS, "received_at": SENT}
    rows = [row | {"text": text} for text in HOSTILE]
    monkeypatch.setattr("onionchat.cli.request.ask", lambda *_: rows)
    assert shown(screen, "request", "list", ours=f"7  {local(SENT)[:10]}") == len(HOSTILE)


def test_bold_is_the_only_escape(node: ScriptedNode) -> None:
    for text in HOSTILE:
        node.arrive(text)
    with Screen(80) as screen:
        assert run(screen, "--color", "always", "receive") == 0
    assert (
        screen.text.count("\x1b[1mbob\x1b[0m: ") == screen.text.count("\x1b") // 2 == len(HOSTILE)
    )


def test_a_window_that_changes_is_looked_at_again(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`receive --follow` runs for days; COLUMNS is what a shell once thought."""
    monkeypatch.setenv("COLUMNS", "200")
    with Screen(40) as screen:
        node.events = [["x" * 100], ["y" * 100]]
        monkeypatch.setattr(node, "notification", resizing(node, screen))
        assert run(screen, "--color", "never", "receive", "--follow") == 130
    assert max(len(line) for line in screen.lines if "x" in line) == 40
    assert max(len(line) for line in screen.lines if "y" in line) == 20


def test_a_row_too_wide_has_its_cells_one_under_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A screen reader reads lines: a column that goes on in the next line is none."""
    bob = {"name": "bob", "address": ADDRESS, "state": "contact", "online": None, "verified": True}
    rows = [bob | {"last_seen": None, "unread": 0, "waiting": 12}]
    monkeypatch.setattr("onionchat.cli.contact.ask_anyway", lambda *_, **__: rows)
    with Screen(20) as screen:
        assert run(screen, "contact", "list") == 0
    assert screen.lines == [
        "bob",
        *("    contact", "    verified", "    -"),
        *("    0 unread", "    12 waiting", "    never seen"),
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r"])
def test_what_the_encoding_lacks_is_counted_as_it_is_written(
    node: ScriptedNode, encoding: str
) -> None:
    node.arrive("中" * 40 + "2026-11-23 12:00:00 bob: hi")
    with Screen(80) as screen:
        screen.stream.reconfigure(encoding=encoding)  # type: ignore[attr-defined]
        assert run(screen, "--color", "never", "receive") == 0
    assert "\\u4e2d" in screen.text
    assert all(len(line) <= 80 for line in screen.lines)


def test_json_is_lossless_and_ascii(node: ScriptedNode) -> None:
    for text in HOSTILE:
        node.arrive(text, contact=text)
    with Screen(20) as screen:
        assert run(screen, "--json", "receive") == 0
    assert re.fullmatch(r"([ -~]+\r\n)+", screen.text)
    assert [json.loads(line) for line in screen.lines] == node.rows


def shown(screen: Screen, *words: str, ours: str = local(SENT)) -> int:
    """Run it, look at every line, and count those that begin like `ours`."""
    assert run(screen, "--color", "never", *words) == 0
    for line in screen.lines:
        assert line.startswith((ours, "  | ", "    ")), ascii(line)
        assert drawn(line) <= screen.width, ascii(line)
        assert line.isprintable() or not list(filter(is_hidden, line)), ascii(line)
    return sum(line.startswith(ours) for line in screen.lines)


def run(screen: Screen, *words: str) -> int:
    with redirect_stdout(screen.stream):
        code = main.run(list(words))
    screen.close()
    return code


def resizing(node: ScriptedNode, screen: Screen) -> Callable[[float | None], dict[str, Any]]:
    """Waiting for the second event, somebody makes the window smaller."""
    wait = node.notification

    def notification(timeout: float | None) -> dict[str, Any]:
        if len(node.events) == 1:
            screen.resize(20)
        return wait(timeout)

    return notification


def is_hidden(char: str) -> bool:
    if char in PART_OF_WRITING:
        return False
    kind = unicodedata.category(char)
    return kind in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or (
        kind == "Cn" and not "\U0001f000" <= char <= "\U0001faff"
    )
