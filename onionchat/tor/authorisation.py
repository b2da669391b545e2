"""v3 client authorisation: an onion that only those find who were given a key for it.

The owner lists X25519 public keys when the onion is put up (onions.py); who dials gives tor
the private half first. Without it a dial ends in F4 and with a wrong one in F5, before
anybody was disturbed.

tor keeps the private halves in memory only, and loses all of them in silence: when it is
restarted, at a NEWNYM and at a SETCONF, whoever sent it (seen here). So nothing is remembered
of what it was told: each dial tells it again, which costs a millisecond and drops neither
the descriptor that tor knows nor a link. A key that is lost between telling and looking makes
that one dial fail, and the next one is as good as any.

One trap: the public half is written in base32 without padding, the private one in base64.
"""

import base64
from contextlib import suppress

from onionchat.crypto.address import service_id
from onionchat.tor.control import Control
from onionchat.tor.control_errors import ControlLost, ControlRefused
from onionchat.tor.dial_errors import KeyNotTaken, Starting
from onionchat.types import Place


def listed(public: bytes) -> str:
    """A client's public key as ADD_ONION wants it."""
    return base64.b32encode(public).decode().rstrip("=")


async def withdraw(control: Control | None, place: Place) -> None:
    """Take back what `tell` gave. A tor that does not answer forgets it with its end."""
    if control is not None:
        with suppress(ControlLost, ControlRefused):
            await control.ask(f"ONION_CLIENT_AUTH_REMOVE {service_id(place.onion)}")


async def tell(control: Control | None, place: Place) -> None:
    """Give tor the key for this place, if it has one; DialError."""
    if place.client_key is None:
        return
    if control is None:
        raise Starting
    private = base64.b64encode(place.client_key).decode()
    try:
        await control.ask(f"ONION_CLIENT_AUTH_ADD {service_id(place.onion)} x25519:{private}")
    except ControlLost as lost:
        raise Starting from lost
    except ControlRefused as refused:
        raise KeyNotTaken from refused
