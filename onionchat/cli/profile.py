"""`init` and `id`: a profile, and the address that is its name."""

import click

from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.new_passphrase import new_passphrase
from onionchat.cli.options import Command
from onionchat.errors import RefusedError


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
    phrase = new_passphrase(invocation.passphrase_fd)
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
