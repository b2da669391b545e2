"""Which message keys of envelopes that have not come are kept, and which must go.

A peer decides how many it makes us store, so both their number and the number of chains
they belong to are bounded; the oldest go first, by what happens and never by the clock.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from onionchat.crypto.ratchet_chain import StoredKey
from onionchat.crypto.ratchet_limits import PAST_HEADER_KEYS, STORED_KEYS

HeaderKeyNumber = tuple[bytes, int]
Skipped = Mapping[HeaderKeyNumber, bytes]
"""Message keys by header key and number, newest first in iteration."""


def evict(
    skipped: Skipped, new: list[StoredKey], current: bytes
) -> tuple[tuple[StoredKey, ...], tuple[HeaderKeyNumber, ...]]:
    """Of the `new` ones (oldest first) those to store, of `skipped` those to delete.

    `current`: the header key of the chain that is being received, which is not a past one.
    """
    if not new and len(skipped) <= PAST_HEADER_KEYS:
        return (), ()
    newest_first = chain(((hk, number) for hk, number, _ in reversed(new)), skipped)
    kept = set(_within_limits(newest_first, current))
    stored = tuple(entry for entry in new if entry[:2] in kept)
    return stored, tuple(entry for entry in skipped if entry not in kept)


def _within_limits(
    newest_first: Iterable[HeaderKeyNumber], current: bytes
) -> Iterator[HeaderKeyNumber]:
    past: set[bytes] = set()
    for count, (header_key, number) in enumerate(newest_first):
        if header_key != current:
            past.add(header_key)
        if count >= STORED_KEYS or len(past) > PAST_HEADER_KEYS:
            return
        yield header_key, number
