"""An address or an invite as a code that a camera reads from a terminal.

It carries what `contact add` takes. Light modules are drawn and dark ones left out, as a dark
terminal shows them; cameras read the inverse as well.
"""

import io
import shlex
import sys

from onionchat.cli.terminal import encodable, width
from onionchat.errors import UsageError


def qr_code(text: str) -> str:
    """Lines of half blocks for stdout: 45 columns for an address, 57 for an invite, which is drawn
    in capitals, since those take less room.

    UsageError if the library is not installed, or a camera could not read it there.
    """
    code = _drawn(text)
    columns = len(code.partition("\n")[0])
    if columns > width(sys.stdout):
        raise UsageError(
            f"the code has {columns} columns, and this window {width(sys.stdout)}",
            "make the window wider or its letters smaller, or leave out --qr",
        )
    if encodable(code, sys.stdout) != code:
        raise UsageError(
            f"the code is made of blocks, which the encoding {sys.stdout.encoding} lacks",
            "choose a locale with UTF-8, such as LANG=C.UTF-8, or leave out --qr",
        )
    return code


def _drawn(text: str) -> str:
    try:
        import segno
    except ImportError:
        raise UsageError(
            "the library that draws QR codes is not installed",
            f"install it with `{shlex.quote(sys.executable)} -m pip install segno`, "
            "or leave out --qr",
        ) from None
    drawn = io.StringIO()
    segno.make(text, error="m").terminal(drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
