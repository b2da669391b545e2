"""Three people, and randomness that is known beforehand."""

import io
from collections.abc import Callable

from onionchat.crypto.identity import Identity

ALICE = Identity.from_seed(bytes(range(32)))
BOB = Identity.from_seed(bytes(range(32, 64)))
CAROL = Identity.from_seed(bytes(range(64, 96)))


def drawn(data: bytes) -> Callable[[int], bytes]:
    """A source that hands out these bytes from the front."""
    return io.BytesIO(data).read


def posing_as(victim: Identity, thief: Identity) -> Identity:
    """The victim's public key over the thief's private one."""
    forged = Identity.from_seed(thief.seed)
    forged.key = victim.key
    return forged
