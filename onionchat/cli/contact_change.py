"""`contact rename`, `block`, `unblock`, `remove`: what a person decides about somebody.

Only an exact name or a full address will do here, as everywhere where a mistake hurts.
"""

import click

from onionchat.cli import params, prompt
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.render import line


@click.command("rename", cls=Command, examples=("onionchat contact rename bob bobby",))
@click.argument("old", type=params.person)
@click.argument("new", type=params.petname)
@click.pass_obj
def rename(invocation: Invocation, old: str, new: str) -> None:
    """Call OLD by the name NEW; nobody else learns it."""
    row = ask(invocation, "contact.rename", name=old, new_name=new)
    invocation.out.row(row, f"{line(old)} is now {line(row['name'])}")


@click.command("block", cls=Command, examples=("onionchat contact block bob",))
@click.argument("name", type=params.person)
@click.pass_obj
def block(invocation: Invocation, name: str) -> None:
    """Hear nothing more from NAME, who is not told; what was said stays.

    Their node may notice: it looks to them as if you had restored a backup.
    Messages of yours that wait leave only after an unblock; `outbox cancel` takes them back.
    """
    row = ask(invocation, "contact.block", name=name)
    waiting = f"; {row['waiting']} messages of yours wait" if row["waiting"] else ""
    invocation.out.row(row, f"{line(row['name'])}: is blocked{waiting}")


@click.command(
    "unblock",
    cls=Command,
    examples=(
        "onionchat contact unblock bob",
        "onionchat contact unblock ADDRESS     somebody whose request you blocked or rejected",
    ),
)
@click.argument("name", type=params.person)
@click.pass_obj
def unblock(invocation: Invocation, name: str) -> None:
    """Undo a block of NAME, or of an address whose request was blocked or rejected."""
    row = ask(invocation, "contact.unblock", name=name)
    if row["name"] is None:
        invocation.out.row(row, f"{line(row['address'])}: may ask you again")
    else:
        invocation.out.row(row, f"{line(row['name'])}: is not blocked")


@click.command(
    "remove",
    cls=Command,
    examples=("onionchat contact remove bob", "onionchat contact remove bob --yes"),
)
@click.argument("name", type=params.person)
@params.yes
@click.pass_obj
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Forget NAME and delete everything that was said, here; they are not told."""
    contact = ask(invocation, "contact.show", name=name, exact=True)
    who = f"{line(contact['name'])} ({line(contact['address'])})"
    prompt.confirm(f"Remove {who} and delete everything that was said with them?", yes=yes)
    row = ask(invocation, "contact.remove", name=contact["address"])
    invocation.out.row(row, f"{line(row['name'])}: removed, with everything that was said")
