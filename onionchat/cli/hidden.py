"""One line from the terminal that it does not show.

Nor after Ctrl-Z and `fg`: when a job stops, a shell takes its own settings back, and gives none to
a job that goes on. So they are set anew then, and the question is asked again. A job that goes on
in the background, as one does that is ended while it is stopped, leaves the terminal alone: to
touch it would stop it anew.
"""

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from onionchat.errors import LockedError
from onionchat.secret_line import SecretLine


def hidden(screen: TextIO, question: str) -> SecretLine:
    """The line; LockedError at the terminal's end (Ctrl-D)."""
    screen.flush()
    answer = SecretLine()
    with _Prompt(screen.fileno(), question).shown():
        answer.grow(os.readv(screen.fileno(), [answer.room]))
    if not answer.content:
        raise LockedError("no passphrase was given", "try again, or use --passphrase-fd N")
    answer.cut(b"\n")
    return answer


class _Prompt:
    """A question, while the terminal shows nothing of what is typed."""

    def __init__(self, terminal: int, question: str) -> None:
        self._terminal = terminal
        self._question = question.encode(errors="backslashreplace")
        self._before = termios.tcgetattr(terminal)

    @contextmanager
    def shown(self) -> Iterator[None]:
        before = signal.getsignal(signal.SIGTSTP)
        if before is not signal.SIG_IGN:  # as a shell without jobs wants it: nobody would go on
            signal.signal(signal.SIGTSTP, self._stop)
        signal.signal(signal.SIGCONT, self._ask)
        try:
            self._ask()
            yield
        finally:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
            signal.signal(signal.SIGTSTP, before)
            if self._set(termios.ECHO):
                os.write(self._terminal, b"\n")

    def _ask(self, *_: object) -> None:
        if self._set(0):
            os.write(self._terminal, self._question)

    def _stop(self, *_: object) -> None:
        """As Ctrl-Z does, with the terminal as it was."""
        self._set(termios.ECHO)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stop)

    def _set(self, echo: int) -> bool:
        """Of what was there before, with the echo or without it; False in the background."""
        if self._belongs_to_another():
            return False
        flags = self._before[3] & (~termios.ECHO | echo)
        settings = [*self._before[:3], flags, *self._before[4:]]
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, settings)
        return True

    def _belongs_to_another(self) -> bool:
        try:
            return os.tcgetpgrp(self._terminal) != os.getpgrp()
        except OSError:  # not the terminal that we were started from: nobody stops us
            return False
