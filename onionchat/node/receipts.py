"""Receipts: what tells the other side that a message is safe here.

A receipt answers envelopes, not messages: `seen` remembers the digest of each envelope
that was accepted, and the receipt that answered it. While the other side may not have
got that receipt, the same bytes are sent again for a duplicate; once it has answered
our chain, they are forgotten, and a duplicate gets a new receipt. Receipts are records
in the ratchet, so a conversation that goes one way still heals; they are never
receipted themselves.
"""

from onionchat.node.session import Sessions
from onionchat.protocol import padding, records
from onionchat.protocol.limits import RECEIPT_IDS
from onionchat.store import receipts
from onionchat.types import SessionId


def write_due(device: int, ratchet: Sessions, use: SessionId) -> list[bytes]:
    """Receipts for everything that still needs one, encrypted under the session in use."""
    wires = []
    while due := receipts.due(device, RECEIPT_IDS):
        ids = tuple(dict.fromkeys(row.message_id for row in due))
        wire = ratchet.encrypt(use, padding.pad(records.encode(records.Receipt(ids))))
        receipts.answer([row.id for row in due], ratchet.stored(use), wire)
        wires.append(wire)
    return wires


def repeat(device: int, digest: bytes) -> list[bytes]:
    """What a duplicate is answered with: the same bytes, or nothing yet.

    An envelope whose receipt was forgotten becomes due again.
    """
    wire = receipts.again(device, digest)
    return [wire] if wire is not None else []
