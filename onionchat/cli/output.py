"""What a command prints: rows on stdout, everything else on stderr.

With `--json` a row is one JSON object on one line and nothing else is on stdout; in text
it is a line or a block made from the same fields. JSON is pure ASCII, so it is safe in
any locale and on a terminal, whatever a peer has written; and it is lossless, which text
is not. Every row is flushed before the next step, because `receive` marks as read what
has been flushed. What a row is made of was rendered where it came from; here it is
rendered again, so that a place that was forgotten can forge a line at most.

A command that a hint or a note names is one for the profile that this command line has
named: it is there to be copied, and another profile is another person.

The reader of a pipe who has left (`receive | head`) is no error to talk about: the
command ends quietly. Output that cannot be written otherwise (disk full, closed) is.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TextIO

from onionchat.cli.render import INDENT, columns, folded, line
from onionchat.cli.terminal import encodable, width
from onionchat.errors import Interrupted, OnionchatError, RefusedError

_COMMAND = re.compile(r"`(onionchat (?![^`]*--help)[^`]+)`")


class ReaderGone(Interrupted):
    """Whoever read our output has closed it. Ends the command without a word."""


class Output:
    """Prints in one of the two forms."""

    def __init__(
        self,
        *,
        as_json: bool = False,
        quiet: bool = False,
        verbose: int = 0,
        colored: bool = False,
        place: str = "",
    ) -> None:
        self.as_json = as_json
        self.colored = colored
        self.quiet = quiet
        self.verbose = verbose
        self.place = place

    def row(self, fields: Mapping[str, Any], text: str, *, whole: bool = False) -> None:
        """One result. What is `whole` goes out as it is: laid out already, or to be copied."""
        shown = text if whole or self.as_json else _fitted(text, sys.stdout)
        _write(sys.stdout, json.dumps(fields) if self.as_json else shown)

    def strong(self, text: str) -> str:
        """Rendered text, emphasised if colours are wanted."""
        return f"\x1b[1m{text}\x1b[0m" if self.colored else text

    def note(self, text: str, **fields: Any) -> None:
        """A word to the person, on stderr, unless `-q`. `fields` are its form in JSON."""
        if not self.quiet:
            self._aside(text, fields or {"note": text})

    def next(self, text: str, command: str) -> None:
        """A note that ends with what to type next."""
        here = f"{command} {self.place}".rstrip()
        self.note(f"{text} {here}", next=here)

    def once(self, row: Mapping[str, Any]) -> None:
        """What a verb has to say once stands in its row; people read it behind."""
        if row.get("hint") and not self.as_json:
            self.note(self.here(line(row["hint"])))

    def detail(self, text: str, **fields: Any) -> None:
        """A note for `-v` only."""
        if self.verbose:
            self.note(text, **fields)

    def error(self, error: OnionchatError) -> None:
        """The last words of a command that failed; also with `-q`."""
        hint = self.here(error.hint)
        fields = {"error": error.name, "message": error.message, "hint": hint or None}
        told = f"onionchat: {line(error.message)}" + (f"\nhint: {line(hint)}" if hint else "")
        self._aside(below_ctrl_c(told) if isinstance(error, Interrupted) else told, fields)

    def here(self, hint: str) -> str:
        """A hint with the commands in it for this profile."""
        return (
            _COMMAND.sub(lambda found: f"`{found[1]} {self.place}`", hint) if self.place else hint
        )

    def _aside(self, text: str, fields: Mapping[str, Any]) -> None:
        try:
            _write(sys.stderr, json.dumps(fields) if self.as_json else _fitted(text, sys.stderr))
        except OnionchatError:
            return  # nobody can be told


def below_ctrl_c(text: str) -> str:
    """A terminal has drawn ^C, and not gone to the next line."""
    return f"\n{text}" if sys.stderr is not None and sys.stderr.isatty() else text


def _fitted(text: str, stream: TextIO | None) -> str:
    return folded(encodable(text, stream), width(stream))


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        raise _closed()
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError as error:
        _silence(stream)
        raise unwritable(error) from None


def unwritable(error: OSError) -> OnionchatError:
    """Why there is no more output."""
    if error.errno == errno.EPIPE:
        return ReaderGone("the reader has gone")
    return RefusedError(
        f"the output cannot be written: {os.strerror(error.errno or 0)}",
        "make room where it goes; what was asked for may have been done all the same",
    )


def _closed() -> RefusedError:
    return RefusedError("the output is closed", "send it to /dev/null if nobody is to read it")


def _silence(stream: TextIO) -> None:
    """What is left goes nowhere, so that the flush at exit is quiet (Python docs, SIGPIPE)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def usable() -> None:
    """Let stdout and stderr escape what their encoding lacks, instead of failing.

    A closed descriptor of the three is taken, so that no socket or file of ours gets its
    number and with it what is printed. RefusedError before anything was done: stdout was
    closed.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    if sys.stdout is None:
        raise _closed()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def local(time: str | None) -> str:
    """A verb's RFC 3339 time in the person's own time zone; `-` for none."""
    if time is None:
        return "-"
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rendered cells in aligned columns, two spaces apart, without trailing ones.

    A row that is wider than the terminal has its cells one under the other.
    """
    cells = list(rows)
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    room = width(sys.stdout)
    aligned = ["  ".join(map(_padded, row, widths)).rstrip() for row in cells]
    return [
        text if columns(text) <= room else f"\n{INDENT}".join(row)
        for row, text in zip(cells, aligned, strict=True)
    ]


def _padded(cell: str, to: int) -> str:
    return cell + " " * (to - columns(cell))
