"""`doctor` and `doctor NAME`: is it me, tor, or them.

What needs no node is looked at here: it is often the node that does not start. Each line
says in words whether it is well; nothing depends on a colour.
"""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from onionchat.cli import params
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.render import line
from onionchat.errors import UnreachableError, UserError

if TYPE_CHECKING:
    from onionchat.paths import Paths

ROOM = 64 << 20
"""Bytes that should be free: a day of messages, and room for SQLite to work."""

Row = dict[str, Any]


@click.command(
    "doctor",
    cls=Command,
    examples=(
        "onionchat doctor          this machine, the node, and tor",
        "onionchat doctor bob      why bob does not get it",
    ),
)
@click.argument("name", type=params.person, required=False)
@click.pass_obj
def doctor(invocation: Invocation, name: str | None) -> None:
    """Find out what is wrong: here, in tor, or with NAME. Exit code 3 if a check fails.

    It tries the way through Tor, which takes up to two minutes. There is no secret in what
    it prints.
    """
    paths = invocation.existing()
    bad = 0
    for row in _rows(invocation, paths, name):
        text = f"{'ok' if row['ok'] else 'BAD':3}  {line(row['check'])}: {line(row['detail'])}"
        if row["hint"]:
            text += f"\n      what to do: {line(invocation.out.here(row['hint']))}"
        invocation.out.row(row, text)
        bad += not row["ok"]
    if bad:
        raise UnreachableError(f"{bad} of the checks failed", "do what stands beside them")


def _rows(invocation: Invocation, paths: "Paths", name: str | None) -> Iterator[Row]:
    if name is None:
        yield _private(paths)
        yield _room(paths)
        yield _program()
    try:
        rows = ask(invocation, "doctor", name=name)
    except UnreachableError as error:
        yield _row("node", error.message, error.hint)
        return
    yield _row("node", "it runs")
    yield from rows


def _private(paths: "Paths") -> Row:
    open_to_others = [
        path for path in (paths.root, paths.keyslot, paths.database) if path.stat().st_mode & 0o077
    ]
    if open_to_others:
        return _row("files", f"others can open {open_to_others[0]}", f"chmod -R go= {paths.root}")
    return _row("files", "nobody else can open the profile")


def _room(paths: "Paths") -> Row:
    free = shutil.disk_usage(paths.root).free
    if free < ROOM:
        return _row("disk", f"{free >> 20} MiB are free", "make room: messages need it")
    return _row("disk", f"{free >> 20} MiB are free")


def _program() -> Row:
    from onionchat.tor.attach import attachment
    from onionchat.tor.find import find_tor

    try:
        if attachment(None, None, os.environ) is not None:
            return _row("program", "a running tor is used")
        tor = find_tor(None)
    except UserError as error:
        return _row("program", error.message, error.hint)
    return _row("program", f"{tor.path}, version {'.'.join(map(str, tor.version))}", tor.warning)


def _row(check: str, detail: str, hint: str | None = None) -> Row:
    """Where there is something to do, it is not well."""
    return {"check": check, "ok": hint is None, "detail": detail, "hint": hint}
