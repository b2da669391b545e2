"""`contact add`, `list`, `show`: the people this profile knows."""

from typing import Any

import click

from onionchat.cli import params, prompt
from onionchat.cli.ask import ask, ask_anyway, reach
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group, option
from onionchat.cli.output import local, table
from onionchat.cli.render import line
from onionchat.duration import in_words
from onionchat.errors import RefusedError, UsageError

_MEANING = {
    "requested": "asked; they are your contact when they accept",
    "contact": "is your contact",
    "invited": "is your contact when the invite has reached them; see `onionchat contact show`",
    "blocked": "is blocked",
}
_LIFETIMES = ("disappearing", "keep", "they_keep")


@click.group(
    "contact",
    cls=Group,
    lazy={
        "rename": "contact_change:rename",
        "block": "contact_change:block",
        "unblock": "contact_change:unblock",
        "remove": "contact_change:remove",
        "disappearing": "lifetimes:disappearing",
        "keep": "lifetimes:keep",
    },
    examples=(
        "onionchat contact add bob ADDRESS    ask somebody to become your contact",
        "onionchat contact add bob -          use the invite that bob has given you",
        "onionchat contact list               everybody you know",
    ),
)
def contact() -> None:
    """The people you know, under names that only you see."""


@contact.command(
    "add",
    cls=Command,
    examples=(
        "onionchat contact add bob ADDRESS",
        "onionchat contact add bob ADDRESS -m -   asks for a word about who you are",
        'onionchat contact add bob ADDRESS -m "Anna, from the library"',
        "onionchat contact add bob -                  asks for an invite, or reads it from stdin",
    ),
)
@click.argument("name", type=params.petname)
@click.argument("address", metavar="ADDRESS|INVITE", type=params.address_or_invite)
@option(
    "-m",
    "--message",
    "text",
    private=True,
    help="A word about who you are, sent along; - asks for it, or reads it from stdin.",
)
@click.pass_obj
def add(invocation: Invocation, name: str, address: str, text: str | None) -> None:
    """Ask ADDRESS to become your contact; if they have asked you, accept. With an INVITE both of
    you have said yes.

    NAME is yours alone: it is never sent to anybody. An invite is a secret until it was used:
    give - for it, and it stands neither in the shell's history nor in the list of processes.
    """
    from onionchat.protocol.invite import is_meant

    if prompt.is_typed(text or "") or prompt.is_typed(address):
        reach(invocation).close()
    place, word = _place(invocation, address, text), _checked(invocation, text)
    row = ask(invocation, "contact.add", name=name, address=place, text=word)
    state = "invited" if is_meant(place) else row["state"]
    meaning = _MEANING.get(state, line(state))
    invocation.out.row(row, f"{line(row['name'])}: {meaning}")
    invocation.out.once(row)


@contact.command("list", cls=Command, examples=("onionchat contact list",))
@click.argument("prefix", type=params.prefix, required=False)
@click.pass_obj
def list_(invocation: Invocation, prefix: str | None) -> None:
    """List everybody you know, or those whose name begins with PREFIX."""
    rows = ask_anyway(invocation, "contact.list", prefix=prefix)
    if not rows and prefix:
        invocation.out.note("no contact's name begins so")
    elif not rows:
        invocation.out.next("no contacts; next:", "onionchat contact add NAME ADDRESS")
    _show(invocation, rows)


@contact.command("show", cls=Command, examples=("onionchat contact show bob",))
@click.argument("name", type=params.person)
@click.pass_obj
def show(invocation: Invocation, name: str) -> None:
    """Show one contact; the beginning of a name is enough if there is only one such."""
    row = ask_anyway(invocation, "contact.show", name=name)
    cells = _cells(row)
    cells |= {key: in_words(row[key]) for key in _LIFETIMES if row.get(key)}
    if row["why"]:
        cells |= {
            "why": line(row["why"]),
            "what to do": line(invocation.out.here(row["hint"] or "-")),
        }
    lines = table([(key.replace("_", " "), value) for key, value in cells.items()])
    invocation.out.row(row, "\n".join(lines))


def _place(invocation: Invocation, address: str, text: str | None) -> str:
    """What was given, or comes on stdin."""
    if address != "-":
        return address
    if text == "-":
        raise UsageError("only one of the two can come on stdin", "leave out -m")
    return params.address_or_invite(prompt.body(invocation, "-", "Paste the invite or the address"))


def _checked(invocation: Invocation, text: str | None) -> str | None:
    """The request's text, if it can be sent."""
    if text is None:
        return None
    from onionchat.protocol.limits import REQUEST_CHARACTERS

    text = prompt.body(invocation, text)
    if len(text) > REQUEST_CHARACTERS:
        raise RefusedError(
            f"the text of a request has at most {REQUEST_CHARACTERS} characters",
            "make it shorter; write the rest when they have accepted",
        )
    return text


def _show(invocation: Invocation, rows: list[dict[str, Any]]) -> None:
    names = ("name", "state", "verified", "online", "unread", "waiting", "last_seen")
    texts = table([tuple(_listed(row)[name] for name in names) for row in rows])
    for row, text in zip(rows, texts, strict=True):
        invocation.out.row(row, text)


def _listed(row: dict[str, Any]) -> dict[str, str]:
    """The same where no heading says what a yes or a number is about."""
    cells = _cells(row)
    return cells | {
        "verified": "verified" if row["verified"] else "not verified",
        "last_seen": f"seen {cells['last_seen']}" if row["last_seen"] else "never seen",
        "unread": f"{cells['unread']} unread",
        "waiting": f"{cells['waiting']} waiting",
    }


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """A contact's fields as a person reads them."""
    return {
        "name": line(row["name"]),
        "address": line(row["address"]),
        "state": line(row["state"]),
        "online": {True: "online", False: "offline", None: "-"}[row["online"]],
        "verified": "yes" if row["verified"] else "no",
        "last_seen": local(row["last_seen"]) if row["last_seen"] else "never",
        "unread": str(row["unread"]),
        "waiting": str(row["waiting"]),
    }
