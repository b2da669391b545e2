"""`panic`: the keys of the profile go, at once and for good, then everything else of it.

Nothing is asked of the node, and no passphrase: who is in a hurry has no time for either.
"""

import click

from onionchat.cli import params, prompt
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.render import line


@click.command(
    "panic",
    cls=Command,
    examples=(
        "onionchat panic            asks whether you are sure, nothing else",
        "onionchat panic --yes      for a script, or a key of the keyboard",
    ),
)
@params.yes
@click.pass_obj
def panic(invocation: Invocation, yes: bool) -> None:
    """Destroy the profile, its keys first: nobody can read it any more, nor can you.

    Needs no passphrase, and ends a running node at once. Backups that you have made are not
    touched, the other side keeps what it has, and a disk may keep what was overwritten.
    """
    from onionchat.store.panic import panic, remains

    paths = invocation.paths()
    if not remains(paths):
        invocation.existing()
    prompt.confirm(f"Destroy the profile {invocation.profile}, for good?", yes=yes)
    gone = panic(paths)
    if not gone.overwritten:
        invocation.out.note("the keys were removed, but could not be overwritten before")
    for path in gone.left:
        invocation.out.note(f"something of it is left in {line(str(path))}; nobody can read it")
    row = {"gone": True, "overwritten": gone.overwritten, "left": [*map(str, gone.left)]}
    invocation.out.row(row, "gone")
