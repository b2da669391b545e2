"""Passphrases from a terminal and from a descriptor; texts from an argument and from stdin."""

import os
import sys
import termios
import threading
from io import BytesIO, TextIOWrapper
from typing import TextIO

import pytest

from onionchat.cli import prompt
from onionchat.cli.hidden import hidden
from onionchat.cli.invocation import Invocation
from onionchat.errors import LockedError, UsageError
from onionchat.secret_line import LONGEST


def handed_in(data: bytes) -> tuple[Invocation, int]:
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    invocation = Invocation()
    invocation.passphrase_fd = read
    return invocation, read


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"correct horse\n", b"correct horse"),
        (b"no newline", b"no newline"),
        (b"of Windows\r\n", b"of Windows"),
        (b" spaces stay \n", b" spaces stay "),
        (b"\n", b""),
        (b"", b""),
        (b"\xff\x00\xfe\n", b"\xff\x00\xfe"),
    ],
)
def test_a_descriptor_gives_one_line(data: bytes, expected: bytes) -> None:
    invocation, read = handed_in(data)
    assert prompt.passphrase(invocation) == expected
    os.close(read)


def test_what_follows_the_line_is_left_for_others() -> None:
    invocation, read = handed_in(b"first\nsecond\n")
    assert prompt.passphrase(invocation) == b"first"
    assert os.read(read, 100) == b"second\n"
    os.close(read)


def test_a_line_without_end_is_refused() -> None:
    invocation, read = handed_in(b"x" * (LONGEST + 1))
    with pytest.raises(UsageError, match="longer than"):
        prompt.passphrase(invocation)
    os.close(read)


def test_a_closed_descriptor_is_a_usage_error() -> None:
    invocation, read = handed_in(b"")
    os.close(read)
    with pytest.raises(UsageError, match="cannot be read"):
        prompt.passphrase(invocation)


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "TERMINAL", "/nonexistent")
    with pytest.raises(LockedError, match="no terminal") as caught:
        prompt.passphrase(Invocation())
    assert "--passphrase-fd" in caught.value.hint


class Keyboard:
    """Types an answer when it sees the question; keeps what the screen showed."""

    def __init__(self, answers: list[bytes]) -> None:
        self.master, slave = os.openpty()
        self.screen: TextIO = os.fdopen(slave, "w")
        self.shown = b""
        self._answers = answers
        self._thread = threading.Thread(target=self._type)
        self._thread.start()

    def _type(self) -> None:
        for answer in self._answers:
            asked = b""
            while not asked.endswith((b": ", b"] ")):
                asked += os.read(self.master, 1)
            self.shown += asked
            os.write(self.master, answer)

    def close(self) -> None:
        self._thread.join(10)
        os.set_blocking(self.master, False)
        self.shown += os.read(self.master, 4096)
        self.screen.close()
        os.close(self.master)


def test_a_passphrase_is_not_shown_and_echo_comes_back() -> None:
    keyboard = Keyboard([b"correct horse\n"])
    assert hidden(keyboard.screen, "Passphrase: ").taken() == b"correct horse"
    assert termios.tcgetattr(keyboard.screen.fileno())[3] & termios.ECHO
    keyboard.close()
    assert keyboard.shown == b"Passphrase: \r\n"


def test_the_end_of_a_terminal_is_no_passphrase() -> None:
    keyboard = Keyboard([b"\x04"])
    with pytest.raises(LockedError, match="no passphrase"):
        hidden(keyboard.screen, "Passphrase: ")
    keyboard.close()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [([b"\n"], True), ([b"n\n"], False), ([b"YES\n"], True), ([b"what\n", b"no\n"], False)],
)
def test_yes_or_no(answers: list[bytes], expected: bool) -> None:
    keyboard = Keyboard(answers)
    assert prompt.agreed(keyboard.screen, "Sure?", default=True) is expected
    keyboard.close()


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> BytesIO:
    source = BytesIO()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(source))
    return source


@pytest.mark.parametrize("text", [None, "-"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\n", "one"),
        (b"one\n\n", "one\n"),
        (b"one\ntwo", "one\ntwo"),
        (b"\n", ""),
        ("grüße 中\n".encode(), "grüße 中"),
        (b"a\r\n", "a\r"),
    ],
)
def test_stdin_loses_one_final_newline(
    stdin: BytesIO, text: str | None, data: bytes, expected: str
) -> None:
    stdin.write(data)
    stdin.seek(0)
    assert prompt.body(Invocation(), text) == expected


def test_with_a_text_stdin_is_not_read(stdin: BytesIO) -> None:
    stdin.write(b"left alone")
    stdin.seek(0)
    assert prompt.body(Invocation(), "the text\n") == "the text\n"
    assert stdin.read() == b"left alone"


@pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"ab\xc3"])
def test_a_text_that_is_not_utf_8_is_refused(stdin: BytesIO, data: bytes) -> None:
    stdin.write(data)
    stdin.seek(0)
    with pytest.raises(UsageError, match="UTF-8"):
        prompt.body(Invocation(), None)
    with pytest.raises(UsageError, match="UTF-8"):
        prompt.body(Invocation(), os.fsdecode(data))
