"""What a backup holds: these values, as msgpack maps with these names (docs/backup.md).

They are rows of the store without what must never be used twice: no sessions, no ratchets,
no ciphertext, no digests, not our stream and not our incarnation. What is here is a format
that others read: a field that is added needs a new version of it.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Id = Annotated[bytes, Meta(min_length=16, max_length=16)]
Stream = Annotated[bytes, Meta(min_length=8, max_length=8)]
Number = Annotated[int, Meta(ge=0, lt=2**53)]
"""A count, or Unix time in milliseconds."""


class Endpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to dial a contact."""

    onion: Key
    client_key: Key | None
    priority: Number
    learned_at: Number


class Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    """Which numbers of one stream of a contact's have come: all to `highest` but `gaps`."""

    stream: Stream
    highest: Number
    gaps: list[tuple[Number, Number]]


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """One of ours that is no message, such as an Accept, and is not known to have arrived.

    `record`: as it was numbered; None: not numbered yet.
    """

    id: Id
    tag: Number
    state: Literal["queued", "sent"]
    record: bytes | None
    attempts: Number
    queued_at: Number
    sent_at: Number | None


class Sending(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a message of ours has got; `record` as above."""

    state: Literal["queued", "sent", "delivered", "cancelled", "expired"]
    record: bytes | None
    attempts: Number
    queued_at: Number
    sent_at: Number | None
    delivered_at: Number | None


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """`sending` None: it came in, or is a notice. `cursor`: its place among the events."""

    id: Id
    kind: Literal["text", "unsupported", "notice"]
    text: str
    clock: Number
    at: Number
    stream: Stream | None
    seq: Number | None
    unread: bool
    late: bool
    cursor: Number | None
    sending: Sending | None


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """A person. `conversation`: the number under which scripts know the talk with them.

    `forgotten`: messages of theirs that came and are not here, and must not be shown again.
    """

    name: str
    skeleton: str
    key: Key
    state: Literal["requested", "contact", "blocked"]
    verified: bool
    held: bool
    created_at: Number
    last_seen: Number | None
    request_id: Id
    request_text: str | None
    next_offer: Number | None
    blocked_from: Literal["requested", "contact"] | None
    conversation: Number
    endpoints: list[Endpoint]
    numbers: list[Numbers]
    forgotten: list[Id]
    records: list[Record]
    messages: list[Message]


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """A stranger who waits for an answer."""

    number: Number
    key: Key
    text: str
    stream: Stream
    at: Number


class Refused(Struct, frozen=True, forbid_unknown_fields=True):
    key: Key
    state: Literal["rejected", "blocked"]
    at: Number


class Admission(Struct, frozen=True, forbid_unknown_fields=True):
    """A contact's key to an inbox. `id`: of the record that gives it to them; `known`: they
    have receipted it."""

    contact: Key
    client_key: Key
    id: Id
    known: bool


class Inbox(Struct, frozen=True, forbid_unknown_fields=True):
    """An onion of ours for contacts alone. `closing_since`: another has taken its place."""

    seed: Key
    closing_since: Number | None
    admissions: list[Admission]


class Content(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything. `last_request`: the highest number that a request has had. `inboxes` is not
    in backups of before there were any."""

    seed: Key
    created_at: Number
    made_at: Number
    history: bool
    last_request: Number
    contacts: list[Contact]
    requests: list[Request]
    refused: list[Refused]
    inboxes: list[Inbox] = []

    def __repr__(self) -> str:
        return "<Content>"

    @property
    def messages(self) -> int:
        return sum(len(contact.messages) for contact in self.contacts)
