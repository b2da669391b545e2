"""`verify`: the safety number, and the word of a person that it is the right one.

Confirming means typing the last group as the *other* side reads it: who has nobody on the
phone has nothing to type, and who only presses Enter has confirmed nothing.
"""

import click

from onionchat.cli import params, prompt
from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option
from onionchat.cli.render import folded, line
from onionchat.cli.terminal import width
from onionchat.errors import IdentityError, UsageError

ASK = "ask"


def said(value: str) -> str:
    """Five digits, or the wish to be asked for them."""
    return value if value == ASK else params.digits(value)


@click.command(
    "verify",
    cls=Command,
    examples=(
        "onionchat verify bob                    the number that you and bob share",
        "onionchat verify bob --confirm          asks for its last group, as bob reads it to you",
        "onionchat verify bob --confirm 12345    the same for scripts",
    ),
)
@click.argument("name", type=params.person)
@option(
    "--confirm",
    type=said,
    is_flag=False,
    flag_value=ASK,
    private=True,
    metavar="DIGITS",
    help="Mark NAME as verified: the last five digits, as NAME reads them to you.",
)
@click.pass_obj
def verify(invocation: Invocation, name: str, confirm: str | None) -> None:
    """Show the safety number that you share with NAME.

    Compare it in person, or on a call where you know the voice. If it differs, somebody
    stands between you.
    """
    if confirm == ASK:
        confirm = _asked(invocation, name)
    row = ask_anyway(invocation, "verify", name=name, confirm=confirm)
    groups = line(row["safety_number"]).split()
    lines = [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]
    state = "verified" if row["verified"] else "not verified"
    invocation.out.row(row, "\n".join([*lines, f"{line(name)}: {state}"]))


def _asked(invocation: Invocation, name: str) -> str:
    """What the other side reads, from the terminal."""
    row = ask_anyway(invocation, "verify", name=name)
    groups = line(row["safety_number"]).split()
    with prompt.terminal() as screen:
        if screen is None:
            raise UsageError(
                "there is no terminal to ask for the digits", "give them with --confirm 12345"
            )
        screen.write(folded(_first_eleven(line(name), groups), width(screen)))
        heard = prompt.visible(screen, f"The last group, as {line(name)} reads it to you: ")
    if not heard:
        raise IdentityError("nothing was confirmed", "let them read their number to you")
    return params.digits(heard)


def _first_eleven(name: str, groups: list[str]) -> str:
    """What to read to the other side, who must see the whole number to read the rest."""
    lines = (*groups[:4], "\n   ", *groups[4:8], "\n   ", *groups[8:11], ".....")
    return (
        f"Let {name} run `onionchat verify` with your name, which shows the whole number there.\n"
        f"Read the first eleven groups to {name}:\n\n    {' '.join(lines)}\n\n"
    )
