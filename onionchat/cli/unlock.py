"""`unlock`: hands the passphrase to a node that waits for it."""

import click

from onionchat.cli import locked, prompt
from onionchat.cli.ask import connect
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command


@click.command(
    "unlock",
    cls=Command,
    examples=(
        "onionchat unlock                                asks for the passphrase",
        "onionchat --passphrase-fd 3 unlock 3< FILE      without a terminal",
    ),
)
@click.pass_obj
def unlock(invocation: Invocation) -> None:
    """Unlock a node that waits for its passphrase: `up --wait-unlock`, or after `lock`.

    Returns when the node answers. A wrong passphrase is exit code 6, and it waits on.
    """
    path = invocation.existing().unlock_socket
    if not locked.waits(path):
        connect(invocation).close()
        invocation.out.row({"unlocked": False}, "it was unlocked before")
        return
    locked.hand_over(path, prompt.passphrase(invocation))
    invocation.out.row({"unlocked": True}, "unlocked")
