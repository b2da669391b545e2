"""The address as a code that a camera reads from a terminal.

It carries `onionchat:` and the address, as `contact add` takes it. Light modules are drawn
and dark ones left out, as a dark terminal shows them; cameras read the inverse as well.
"""

import io
import shlex
import sys

from onionchat.cli.terminal import encodable, width
from onionchat.errors import UsageError


def qr_code(address: str) -> str:
    """Lines of half blocks, 45 columns wide, for stdout.

    UsageError if the library is not installed, or a camera could not read it there.
    """
    code = _drawn(address)
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


def _drawn(address: str) -> str:
    try:
        import segno
    except ImportError:
        raise UsageError(
            "the library that draws QR codes is not installed",
            f"install it with `{shlex.quote(sys.executable)} -m pip install segno`, "
            "or leave out --qr",
        ) from None
    drawn = io.StringIO()
    segno.make(f"onionchat:{address}", error="m").terminal(drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
