"""Every number that bounds what a peer can cost us, with its reason, in one table.

A limit that is enforced here in the core says so; the others are kept by the node, which
owns the connections, the clock and the store. The limits of the ratchet (jumps, stored keys,
length of a chain) live with the ratchet. All of them are part of the protocol: two
installations with different limits could be told apart over Tor.
"""

from typing import Final

# Before authentication: whoever can open a stream can cause this much and no more.
UNPROVEN_BYTES: Final = 4096
"""Read from a connection before its peer is proven. Enforced by the channel; M1, M3 and the
first frame are 1660 bytes, so that an honest peer never meets it."""
HANDSHAKE_SECONDS: Final = 30
"""For the whole handshake, not per read: a byte every 29 s must not keep a connection."""
UNPROVEN_CONNECTIONS: Final = 64
"""When full, a random unfinished one goes: the oldest would be the slow honest peer."""

# The channel.
CELL: Final = 488
"""Bytes of the smallest frame: what one onion-service data cell surely carries."""
LARGEST_CLASS: Final = 6
"""64 cells, 31232 bytes. Enforced: a frame of a higher class is never waited for."""
READ_BYTES: Final = 65536
"""Asked for at once when the peer is proven: two of the largest frames."""
PING_BYTES: Final = 64
"""Enforced for pings and pongs: an echo must not carry data."""
STRAY_ENVELOPES: Final = 3
"""So many envelopes on one connection that open under no session mark the one in use broken."""

# Sessions.
LISTED_SESSIONS: Final = 4
"""In one hello. Enforced. More than two means that something is wrong anyway."""
RETIRED_SESSIONS: Final = 8
"""Kept receive-only per contact for what is still on its way."""
UNRECEIPTED_IN_CHAIN: Final = 512
"""Envelopes in one chain that are not known to be received; then wait. Half of the jump that
the peer's ratchet allows, so that a lost connection cannot break a session."""

# Strangers.
STRANGER_CONNECTIONS: Final = 8
STRANGER_SECONDS: Final = 60
"""After that a connection to somebody who is not a contact is closed."""
PENDING_REQUESTS: Final = 50
"""One per key; more than a person would look through."""
REQUEST_EVERY_SECONDS: Final = 86400
"""A request is offered at most once a day, jittered ..."""
REQUEST_FOR_DAYS: Final = 30
"""... for so many days: the requester cannot know whether it was seen."""

# Records. Enforced.
TEXT_BYTES: Final = 16384
REQUEST_CHARACTERS: Final = 500
RECEIPT_IDS: Final = 256
LIFETIME_SECONDS: Final = 366 * 86400
"""Longer is a mistake, or an overflow in somebody's clock."""
LARGEST_UINT: Final = 2**53 - 1
"""Every number in a record: exact in every language and in every database."""

# Delivery.
RECEIPT_AFTER_MESSAGES: Final = 32
RECEIPT_DELAY_SECONDS: Final = (0.05, 0.3)
"""Uniform between the two: a receipt must not be a clock for somebody who watches."""

# Inboxes.
INBOX_CONTACTS: Final = 200
"""With a key to one onion: about 28 kB of descriptor of the 50 kB that directories take."""

# Dialling.
DIALS: Final = 6
"""At once: each is a circuit through the user's guard."""
BACKOFF_SECONDS: Final = (30, 60, 120, 300, 600, 1200, 1800)
BACKOFF_JITTER: Final = 0.3
