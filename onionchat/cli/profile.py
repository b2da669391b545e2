"""`init` and `id`: a profile, and the address that is its name.

Who runs `init` on a terminal is offered a passphrase of 100 random bits, because what
people invent can be guessed by whoever has the disk. It is shown once, and asked for
again so that it has been written down before anything depends on it.
"""

import hmac
import secrets
from typing import TextIO

import click

from onionchat.cli import prompt
from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.errors import LockedError, RefusedError, UsageError

GROUPS, GROUP_LENGTH = 5, 4
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
"""5 groups of 4 base32 characters of 5 bits each: 100 bits."""


@click.command(
    "init",
    cls=Command,
    examples=(
        "onionchat init                                   asks for a passphrase, or offers one",
        "onionchat --passphrase-fd 3 init 3< FILE         without a terminal",
        "onionchat --profile work init                    a second, separate profile",
    ),
)
@click.pass_obj
def init(invocation: Invocation) -> None:
    """Make the profile: a new identity, encrypted under a passphrase.

    Nobody can reset the passphrase.
    """
    paths = invocation.paths()
    if paths.exists():
        raise RefusedError(
            f"the profile {invocation.profile} exists already",
            "use it with `onionchat up`, or choose another name with --profile",
        )
    phrase = _new_passphrase(invocation)
    from onionchat.node.profile import create_profile

    address = create_profile(paths, phrase)
    invocation.out.row({"address": address}, address)
    invocation.out.note("This is your address. Next: onionchat up", next="onionchat up")


@click.command("id", cls=Command, examples=("onionchat id      your address, to give to somebody",))
@click.pass_obj
def show_id(invocation: Invocation) -> None:
    """Show the address of this profile.

    Give it on a way on which it cannot be swapped, and let all of it be compared.
    """
    row = ask_anyway(invocation, "id")
    invocation.out.row(row, row["address"])


def generated() -> str:
    """A passphrase of 100 random bits that can be read aloud: abcd-efgh-..."""
    return "-".join(
        "".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


def _new_passphrase(invocation: Invocation) -> bytes:
    if invocation.passphrase_fd is not None:
        phrase = prompt.passphrase(invocation)
        if not phrase:
            raise UsageError(
                "the passphrase is empty", "write one line to the file descriptor first"
            )
        return phrase
    with prompt.terminal() as screen:
        if screen is None:
            raise LockedError(
                "there is no terminal to ask for a passphrase", "hand it in with --passphrase-fd N"
            )
        return _chosen(screen)


def _chosen(screen: TextIO) -> bytes:
    if not prompt.agreed(screen, "Generate a strong passphrase?", default=True):
        return _typed(screen)
    offered = generated()
    screen.write(f"\n    {offered}\n\nWrite it down: it is not shown again, nobody can reset it.\n")
    return _repeated(screen, offered.encode())


def _typed(screen: TextIO) -> bytes:
    while not (phrase := prompt.hidden(screen, "Passphrase: ")):
        screen.write("It is empty.\n")
    return _repeated(screen, phrase)


def _repeated(screen: TextIO, phrase: bytes) -> bytes:
    while not hmac.compare_digest(prompt.hidden(screen, "The same again: "), phrase):
        screen.write("That is different. Ctrl-C to start over.\n")
    return phrase
