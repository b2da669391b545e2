"""Which command may have been meant by a word that is none: one that looks like it, or one of
that very name which belongs to another: `accept` is `request accept`."""

from collections.abc import Iterator
from difflib import get_close_matches

import click

from onionchat.errors import UsageError

MOST = 3
"""Suggestions; with more of them nobody would read one."""


def unknown(group: click.Group, context: click.Context, word: str) -> UsageError:
    """What to say to somebody who typed this word after this group's name."""
    here = context.command_path
    similar = get_close_matches(word, group.list_commands(context), MOST)
    meant = [f"`{here} {name}`" for name in similar] or list(_elsewhere(context.find_root(), word))
    hint = f"did you mean {_listed(meant[:MOST])}?" if meant else f"see `{here} --help`"
    return UsageError(f"No such command {word!r}.", hint)


def _elsewhere(root: click.Context, word: str) -> Iterator[str]:
    assert isinstance(root.command, click.Group)
    for name in root.command.list_commands(root):
        group = root.command.get_command(root, name)
        if isinstance(group, click.Group) and word in group.list_commands(root):
            yield f"`{root.command_path} {name} {word}`"


def _listed(paths: list[str]) -> str:
    *others, last = paths
    return f"{', '.join(others)} or {last}" if others else last
