"""What a person is asked for, and what a script hands in instead.

A passphrase comes from a terminal without echo or, with `--passphrase-fd N`, as one line
from a file descriptor; never from an argument or the environment, which others can read.
Questions go to the terminal itself, not to stdin and stdout, so that a pipe of messages
is never mistaken for an answer.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from onionchat.cli.hidden import hidden
from onionchat.cli.invocation import Invocation
from onionchat.cli.render import folded
from onionchat.cli.terminal import width
from onionchat.errors import LockedError, RefusedError, UsageError
from onionchat.secret_line import LONGEST, SecretLine

TERMINAL = "/dev/tty"
LONGEST_BODY = 1 << 20
"""Bytes of stdin, far more than any text may have: then it is something else, or has no end."""


def passphrase(invocation: Invocation, question: str = "Passphrase: ") -> bytes:
    """The passphrase of this run, without the newline; LockedError if nobody can be asked.
    It is asked for once, however often a command needs it."""
    if invocation.phrase is None:
        invocation.phrase = of_profile(invocation, question).taken()
    return invocation.phrase


def of_profile(invocation: Invocation, question: str = "Passphrase: ") -> SecretLine:
    """The same for `up`, which goes on and is to forget it."""
    return secret(invocation.passphrase_fd, question, "profile", "--passphrase-fd")


def secret(descriptor: int | None, question: str, locked: str, option: str) -> SecretLine:
    """What opens something that is `locked`; `option` is how a script hands in `descriptor`."""
    if descriptor is not None:
        return first_line(descriptor)
    with terminal() as screen:
        if screen is None:
            raise LockedError(
                f"the {locked} is locked and there is no terminal to ask for its passphrase",
                f"hand it in with {option} N",
            )
        return hidden(screen, question)


@contextmanager
def terminal() -> Iterator[TextIO | None]:
    """The terminal that started us, or None."""
    try:
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as screen:
        yield screen


def visible(screen: TextIO, question: str) -> str:
    """One line from the terminal that it shows; empty at its end."""
    screen.write(folded(question, width(screen)))
    screen.flush()
    return os.read(screen.fileno(), LONGEST).decode(errors="replace").strip()


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees, or has with `--yes`; the default answer is no.

    RefusedError: no, UsageError: there is nobody to ask.
    """
    if yes:
        return
    with terminal() as screen:
        if screen is None:
            raise UsageError("there is no terminal to ask whether you are sure", "add --yes")
        if not agreed(screen, question, default=False):
            raise RefusedError("nothing was changed: you said no", "run it again if you are sure")


def agreed(screen: TextIO, question: str, *, default: bool) -> bool:
    """Yes or no; an empty answer is the default."""
    while True:
        answer = visible(screen, f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
        if answer in {"", "y", "yes", "n", "no"}:
            return answer[:1] == "y" if answer else default


def first_line(descriptor: int) -> SecretLine:
    """Without its newline, be it of Unix or of Windows: no terminal gives a passphrase that
    ends with a carriage return. Read byte by byte: what follows belongs to somebody else."""
    line = SecretLine()
    try:
        while line.grow(os.readv(descriptor, [line.room[:1]])):
            pass
    except (OSError, OverflowError) as error:  # a number that is no int of C's
        reason = os.strerror(getattr(error, "errno", None) or errno.EBADF)
        raise UsageError(
            f"file descriptor {descriptor} cannot be read: {reason}",
            "open it for us, such as `--passphrase-fd 3 3< FILE`",
        ) from None
    line.cut(b"\n")
    if len(line.content) > LONGEST:
        raise UsageError(
            f"the passphrase is longer than {LONGEST} bytes",
            "does the file descriptor carry something else?",
        )
    line.cut(b"\r")
    return line


def is_typed(text: str | None) -> bool:
    """Will a person write the text now? Then what can be refused is refused before."""
    return text in {None, "-"} and sys.stdin is not None and sys.stdin.isatty()


def body(invocation: Invocation, text: str | None, ask: str = "Write the text") -> str:
    """The text of a message: the argument, or stdin to its end without its final newline.

    UsageError if it is not UTF-8. A terminal is told on stderr how to end the text.
    """
    if text is not None and text != "-":
        return argument(text)
    if sys.stdin is None:
        raise UsageError("there is no text and no standard input", "give the text in a pipe")
    if is_typed(text):
        invocation.out.note(f"{ask}; end it with Ctrl-D on a line of its own.")
    data = _to_its_end()
    return utf8(data.removesuffix(b"\n"))


def _to_its_end() -> bytes:
    """All of stdin; RefusedError if it goes on and on, as /dev/zero does."""
    try:
        data = sys.stdin.buffer.read(LONGEST_BODY + 1)
    except OSError as error:
        raise UsageError(
            f"the standard input cannot be read: {os.strerror(error.errno or 0)}",
            "give the text in a pipe or a file",
        ) from None
    if len(data) > LONGEST_BODY:
        raise RefusedError(
            f"more than {LONGEST_BODY} bytes came on the standard input", "send it in parts"
        )
    return data


def argument(text: str) -> str:
    """A text from the command line as its bytes mean in UTF-8, whatever the locale says."""
    return utf8(os.fsencode(text))


def utf8(data: bytes) -> str:
    """The text; UsageError if it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError(
            "the text is not UTF-8", "convert it first, such as with `iconv -t UTF-8`"
        ) from None
