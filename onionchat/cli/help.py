"""How help is laid out: examples before anything else, and for any terminal.

click takes every terminal for one of 50 columns at least: on a narrower one, such as a
telephone's, every line would break in the middle of a word. There, what stands beside each
other elsewhere stands one below the other. Only a command to copy is left in one piece.
"""

import re
import sys
from collections.abc import Iterable, Sequence

import click

from onionchat.cli.terminal import width as width_of

NARROW = 52
"""Columns. With fewer there is no room for two things beside each other."""


class Formatter(click.HelpFormatter):
    """click's own where there is room."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        columns = width_of(sys.stdout)
        self._narrow = columns < NARROW
        super().__init__(indent_increment, columns if self._narrow else width, max_width)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        if self._narrow:
            self.write_text(f"Usage: {prog} {args}")
        else:
            super().write_usage(prog, args, prefix)

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        if not self._narrow:
            super().write_dl(rows, col_max, col_spacing)
            return
        for term, text in rows:
            self.write_text(term)
            self._below(text)

    def write_examples(self, examples: Sequence[str]) -> None:
        """Each is a command line, and perhaps its meaning after two spaces."""
        if not examples:
            return
        with self.section("Examples"):
            for example in examples:
                command, meaning = (*re.split(r" {2,}", example, maxsplit=1), "")[:2]
                self.write(f"  {command if self._narrow else example}\n")
                if self._narrow and meaning:
                    self._below(meaning)
        self.write_paragraph()

    def _below(self, text: str) -> None:
        with self.indentation():
            self.write_text(text)


class Context(click.Context):
    formatter_class = Formatter
