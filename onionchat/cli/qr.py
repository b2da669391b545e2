"""The address as a code that a camera reads from a terminal.

It carries `onionchat:` and the address, as `contact add` takes it. Light modules are drawn
and dark ones left out, as a dark terminal shows them; cameras read the inverse as well.
"""

import io

from onionchat.errors import UsageError


def qr_code(address: str) -> str:
    """Lines of half blocks, 45 columns wide; UsageError if the library is not installed."""
    try:
        import segno
    except ImportError:
        raise UsageError(
            "the library that draws QR codes is not installed",
            "install it with `pip install segno`, or leave out --qr",
        ) from None
    drawn = io.StringIO()
    segno.make(f"onionchat:{address}", error="m").terminal(drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
