"""What the terminal behind a stream can show: its columns, and its characters."""

import os
from typing import TextIO

from onionchat.cli.render import ENDLESS

USUAL_WIDTH = 80
"""Of a terminal that does not know its own, such as a serial line."""


def width(stream: TextIO | None) -> int:
    """Its columns now: a window changes. ENDLESS if there is no terminal.

    Not from COLUMNS, which a shell may have left behind: who breaks lines at another width
    than the terminal gives a text the first column.
    """
    try:
        return os.get_terminal_size(_descriptor(stream)).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return ENDLESS


def encodable(text: str, stream: TextIO | None) -> str:
    """With an escape for what the stream's encoding lacks, so that widths are true."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _descriptor(stream: TextIO | None) -> int:
    if stream is None:
        raise ValueError
    return stream.fileno()
