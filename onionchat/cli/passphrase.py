"""`passphrase change`: the same profile under another passphrase."""

from base64 import b64encode

import click

from onionchat.cli import prompt
from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.new_passphrase import new_passphrase
from onionchat.cli.options import Command, Group, option
from onionchat.errors import RefusedError


@click.group("passphrase", cls=Group, examples=("onionchat passphrase change",))
def passphrase() -> None:
    """The passphrase that opens this profile."""


@passphrase.command(
    "change",
    cls=Command,
    examples=(
        "onionchat passphrase change",
        "onionchat --passphrase-fd 3 passphrase change --new-passphrase-fd 4 3< OLD 4< NEW",
    ),
)
@option(
    "--new-passphrase-fd",
    type=click.IntRange(min=0),
    metavar="N",
    help="Read the new passphrase as one line from this file descriptor.",
)
@click.pass_obj
def change(invocation: Invocation, new_passphrase_fd: int | None) -> None:
    """Ask for the passphrase, then for a new one; the node may be running.

    Whoever has a copy of the profile from before, and the old passphrase, can open that copy.
    """
    if invocation.existing().ephemeral:
        raise RefusedError(
            "a profile in memory has a passphrase that nobody knows",
            "there is nothing to change: it is gone when its node ends",
        )
    old = prompt.passphrase(invocation)
    new = new_passphrase(new_passphrase_fd, "new passphrase", "--new-passphrase-fd")
    row = ask_anyway(
        invocation,
        "passphrase.change",
        old=b64encode(old).decode(),
        new=b64encode(new).decode(),
    )
    invocation.out.row(row, "the passphrase was changed")
