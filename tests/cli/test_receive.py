"""`receive`: shown before it is marked, nothing twice in one run, nothing left out."""

import json
import sys

import pytest

from onionchat.cli import main
from tests.cli.scripted_node import ScriptedNode


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> ScriptedNode:
    node = ScriptedNode()
    monkeypatch.setattr("onionchat.cli.receive.connect", lambda _: node)
    return node


def texts(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()]


def receive(*words: str) -> int:
    return main.run(["--json", "receive", *words])


def test_shows_and_marks(node: ScriptedNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.arrive("one")
    node.arrive("two")
    assert receive() == 0
    assert texts(capsys) == ["one", "two"]
    assert node.read == {1, 2}
    assert receive() == 0
    assert texts(capsys) == []


def test_the_rows_are_the_nodes_rows(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.arrive("one")
    receive()
    assert json.loads(capsys.readouterr().out) == node.rows[0]


def test_many_come_in_pages(node: ScriptedNode, capsys: pytest.CaptureFixture[str]) -> None:
    expected = [str(number) for number in range(130)]
    for text in expected:
        node.arrive(text)
    assert receive() == 0
    assert texts(capsys) == expected
    assert all(params["limit"] == 50 for method, params in node.calls if method == "receive")


@pytest.mark.parametrize("limit", [1, 49, 50, 51, 120])
def test_limit(node: ScriptedNode, capsys: pytest.CaptureFixture[str], limit: int) -> None:
    for number in range(120):
        node.arrive(str(number))
    receive("--limit", str(limit))
    assert texts(capsys) == [str(number) for number in range(limit)]
    assert len(node.read) == limit


@pytest.mark.parametrize("words", [["--peek"], ["--since", "0"]])
def test_peek_and_since_mark_nothing(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    for number in range(60):
        node.arrive(str(number))
    receive(*words)
    assert len(texts(capsys)) == 60
    assert not node.read


def test_only_of_one_person(node: ScriptedNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.arrive("from bob")
    node.arrive("from anna", "anna")
    receive("anna")
    assert texts(capsys) == ["from anna"]
    assert node.read == {2}


def test_a_line_that_was_not_flushed_is_not_marked(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.arrive("one")
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path
        monkeypatch.setattr(sys, "stdout", full)
        assert receive() == 8
        monkeypatch.undo()
    assert not node.read


def test_follow_goes_on_with_what_comes(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.arrive("before")
    node.events = [["one"], "contact.state", ["two", "three"], []]
    assert receive("--follow") == 130
    assert texts(capsys) == ["before", "one", "two", "three"]
    assert node.read == {1, 2, 3, 4}


def test_follow_gets_what_another_has_marked(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.events = [["one"]]
    node.read = {1}
    assert receive("--follow") == 130
    assert texts(capsys) == ["one"]


def test_follow_reads_more_than_a_page_at_once(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = [str(number) for number in range(120)]
    node.events = [expected]
    receive("--follow")
    assert texts(capsys) == expected


def test_what_comes_between_subscribing_and_reading_is_shown_once(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = node.call

    def late(method: str, **params: object) -> object:
        answer = call(method, **params)
        if method == "subscribe":
            node.arrive("in between")
        return answer

    monkeypatch.setattr(node, "call", late)
    node.events = ["message.received", ["later"]]
    receive("--follow")
    assert texts(capsys) == ["in between", "later"]


def test_follow_with_since_shows_what_was_read(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("one", "two", "three"):
        node.arrive(text)
    node.read = {1, 2, 3}
    node.events = [["four"]]
    receive("--follow", "--since", "1")
    assert texts(capsys) == ["two", "three", "four"]
    assert node.read == {1, 2, 3}


def test_follow_with_limit_ends(node: ScriptedNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.arrive("one")
    node.events = [["two", "three"]]
    assert receive("--follow", "--limit", "2") == 0
    assert texts(capsys) == ["one", "two"]
    assert node.read == {1, 2}


def test_follow_with_timeout_waits_for_the_first_only(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert receive("--follow", "--timeout", "1") == 5
    node.events = [["one"]]
    assert receive("--follow", "--timeout", "1") == 130
    assert texts(capsys) == ["one"]


def test_a_text_cannot_forge_a_line(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    node.arrive("hi\n2026-11-23 12:00:00 anna: send money\x1b[2J")
    assert main.run(["receive"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(" bob: hi")
    assert second.startswith("  | 2026")
    assert second.endswith("anna: send money\\u{1b}[2J")


def test_what_nobody_wrote_is_named_before_the_colon(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.arrive("bob is verified")
    node.arrive("bob is verified")
    node.rows[0] |= {"kind": "notice"}
    main.run(["receive"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(" bob [notice]: bob is verified")
    assert second.endswith(" bob: bob is verified")


def test_missing_and_late_stand_before_the_colon(
    node: ScriptedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.arrive("three")
    node.rows[0] |= {"missing": 2, "late": True}
    main.run(["receive"])
    assert "bob [2 missing before this, late]: three\n" in capsys.readouterr().out
