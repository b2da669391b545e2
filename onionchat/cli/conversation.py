"""How a message stands on the screen.

    2026-11-23 20:15:02 bob: the first line of what he wrote
                           | and every other line, also where the terminal would wrap

What is ours stands before the colon, what is theirs behind it, and no line of a text
begins where a line of ours begins: a text cannot pass for somebody else's message.
"""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

from onionchat.cli.output import Output, local
from onionchat.cli.render import block, columns, line


class Lines:
    """Prints messages, as rows of `receive` and `history`."""

    def __init__(self, out: Output) -> None:
        self._out = out
        stdout = sys.stdout
        on_terminal = stdout is not None and stdout.isatty()
        self._width = shutil.get_terminal_size().columns if on_terminal else None

    def show(self, row: dict[str, Any], sender: str, remarks: Sequence[str] = ()) -> None:
        """One message. The remarks are ours; sender and text are rendered here."""
        time, name = local(row["sent_at"] or row["received_at"]), line(sender)
        remark = f" [{', '.join(remarks)}]" if remarks else ""
        gutter = " " * columns(f"{time} {name}{remark}") + "| "
        text = row["text"] or f"({row['kind']})"
        head = f"{time} {self._out.strong(name)}{remark}: "
        self._out.row(row, head + block(text, gutter, self._width))
