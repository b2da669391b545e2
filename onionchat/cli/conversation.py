"""How a message stands on the screen: what is ours before the colon, what is theirs behind it.

    2026-11-23 20:15:02 bob: the first line of what he wrote
      | and every other line, also where the terminal would wrap
    2026-11-23 20:15:07 bob [2 missing before this, late]: and another one

A kind of message that no person wrote is named before the colon too, so it can not be
forged by writing the same words.
"""

import sys
from collections.abc import Sequence
from typing import Any

from onionchat.cli import terminal
from onionchat.cli.output import Output, local
from onionchat.cli.render import line, message


class Lines:
    """Prints messages, as rows of `receive` and `history`."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def show(self, row: dict[str, Any], sender: str, remarks: Sequence[str] = ()) -> None:
        """One message. Sender, remarks and text are rendered here."""
        time, name, text = (
            terminal.encodable(said, sys.stdout)
            for said in (local(row["sent_at"] or row["received_at"]), line(sender), row["text"])
        )
        ours = ", ".join([*(() if row["kind"] == "text" else (row["kind"],)), *remarks])
        head = f"{time} {name}" + (f" [{line(ours)}]: " if ours else ": ")
        shown = message(head, text, terminal.width(sys.stdout))
        self._out.row(row, self._emphasised(shown, time, name), whole=True)

    def _emphasised(self, shown: str, time: str, name: str) -> str:
        """The sender in bold, unless the name had to be broken."""
        start = f"{time} {name}"
        if not shown.startswith(start):
            return shown
        return f"{time} {self._out.strong(name)}" + shown.removeprefix(start)
