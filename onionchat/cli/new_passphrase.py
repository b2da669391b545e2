"""A passphrase that does not exist yet: offered, typed twice, or handed in by a script.

On a terminal one of 100 random bits is offered, because what people invent can be guessed
by whoever has the disk or the file. It is shown once, and asked for again so that it has
been written down before anything depends on it.
"""

import hmac
import secrets
from typing import TextIO

from onionchat.cli import prompt
from onionchat.cli.hidden import hidden
from onionchat.errors import LockedError, UsageError

GROUPS, GROUP_LENGTH = 5, 4
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
"""5 groups of 4 base32 characters of 5 bits each: 100 bits."""


def new_passphrase(
    descriptor: int | None, what: str = "passphrase", option: str = "--passphrase-fd"
) -> bytes:
    """A passphrase to be; `what` it is in a question, `option` names the descriptor."""
    if descriptor is not None:
        return not_empty(prompt.first_line(descriptor).taken())
    with prompt.terminal() as screen:
        if screen is None:
            raise LockedError(
                f"there is no terminal to ask for a {what}", f"hand it in with {option} N"
            )
        return _chosen(screen, what)


def not_empty(phrase: bytes) -> bytes:
    """UsageError if a script handed in nothing."""
    if not phrase:
        raise UsageError("the passphrase is empty", "write one line to the file descriptor first")
    return phrase


def generated() -> str:
    """A passphrase of 100 random bits that can be read aloud: abcd-efgh-..."""
    return "-".join(
        "".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


def _chosen(screen: TextIO, what: str) -> bytes:
    if not prompt.agreed(screen, f"Generate a strong {what}?", default=True):
        return _typed(screen, what)
    offered = generated()
    screen.write(f"\n    {offered}\n\nWrite it down: it is not shown again, nobody can reset it.\n")
    return _repeated(screen, offered.encode(), "Type it, as you have it now: ")


def _typed(screen: TextIO, what: str) -> bytes:
    while not (phrase := hidden(screen, f"{what[0].upper()}{what[1:]}: ").taken()):
        screen.write("It is empty.\n")
    return _repeated(screen, phrase, "The same again: ")


def _repeated(screen: TextIO, phrase: bytes, question: str) -> bytes:
    while not hmac.compare_digest(hidden(screen, question).taken(), phrase):
        screen.write("That is different. Ctrl-C to start over.\n")
    return phrase
