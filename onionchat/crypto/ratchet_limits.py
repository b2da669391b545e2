"""Every number that bounds a ratchet, with its reason, in one table.

They are part of the protocol (docs/protocol.md 4): two installations with different limits
could be told apart. What is deleted follows from events, never from the clock: over Tor a
timer is a fingerprint. How many envelopes may be on their way unreceipted is the node's.
"""

from typing import Final

LARGEST_JUMP: Final = 1000
"""Keys of one chain that one envelope may make us compute ahead: about 5 ms of work."""
STORED_KEYS: Final = 1000
"""Skipped message keys of one session; beyond it the oldest go."""
PAST_HEADER_KEYS: Final = 64
"""Header keys of earlier chains, each kept as long as it has an entry: each is tried on an
envelope that nothing else opens. Beyond it the oldest goes with its entries."""
LONGEST_CHAIN: Final = 10_000
"""Envelopes in one sending chain; then the peer must answer, so that keys heal."""
NUMBERS: Final = 2**31
"""`n` and `pn` stay below it, whatever integers another implementation has."""
