"""The tables, general from the first day.

Groups, several devices for one person and mailboxes are meant to be new rows, not new
tables: what is encrypted hangs on a device, what is shown hangs on a conversation, and
where to dial is an endpoint apart from the identity that must answer there. Today each
contact has one device and one conversation of two.

    contact --< device --< session --< skipped_key
       |          |            `-----< seen >-- receipt
       |          `------< outbox >-- message
       `--< member >-- conversation --< message
                             `--------< sequence, gap

No protocol object is stored: ratchet states and records are opaque bytes here. Texts stand
in `message` alone; an `event` refers to them and goes with them. Presence is never stored.
"""

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from onionchat.store.base import Row


class Identity(Row):
    """One row: who this profile is. `stream` and `incarnation` are new after a restore;
    `generation` counts the starts (generation.py)."""

    seed = BlobField()
    stream = BlobField()
    incarnation = BlobField()
    generation = BigIntegerField()
    created_at = BigIntegerField()


class Contact(Row):
    """A person, by the name we gave them. `state`: requested, contact or blocked.

    `held`: a verified contact came back without any session we shared; nothing is sent
    until the person has confirmed them again. `request_*`: how we ask to be accepted.
    `next_offer`: when we ask next; of a contact whose invite we hold, the end of it.
    `blocked_from`: the state to go back to when they are unblocked.
    """

    name = TextField()
    skeleton = TextField(unique=True)
    key = BlobField(unique=True)
    state = TextField()
    verified = BooleanField()
    held = BooleanField()
    created_at = BigIntegerField()
    last_seen = BigIntegerField(null=True)
    request_id = BlobField()
    request_text = TextField(null=True)
    next_offer = BigIntegerField(null=True)
    blocked_from = TextField(null=True)


class Device(Row):
    """Whom envelopes are for: today one for each contact, with the contact's key.
    `next_move`: bounds how often it may say that it is elsewhere (endpoints.py)."""

    contact = ForeignKeyField(Contact, on_delete="CASCADE")
    key = BlobField()
    next_move = BigIntegerField(constraints=[SQL("DEFAULT 0")])


class Conversation(Row):
    """`wire_id` None is the talk between two; a group will have a name on the wire.

    `disappear`, `change`, `keep`: how long messages are to stay (lifetimes.py).
    """

    wire_id = BlobField(null=True)
    disappear = IntegerField(constraints=[SQL("DEFAULT 0")])
    change = BigIntegerField(constraints=[SQL("DEFAULT 0")])
    keep = IntegerField(constraints=[SQL("DEFAULT 0")])


class Member(Row):
    """`keep`: for how many seconds they keep what is said, as they have told; 0: no limit."""

    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    contact = ForeignKeyField(Contact, on_delete="CASCADE")
    keep = IntegerField(constraints=[SQL("DEFAULT 0")])


class Message(Row):
    """What is shown. `author` None is me; `kind`: text, unsupported or notice.

    `at`: when it was committed here; `clock`: what its author's clock said. The state of
    one of mine is that of its outbox rows. `disappears`: seconds that it has from when it was
    read or delivered; from then on `gone_at`, `boot` and `over_at` say when (lifetimes.py).
    """

    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    author = ForeignKeyField(Contact, null=True, on_delete="CASCADE")
    message_id = BlobField()
    stream = BlobField(null=True)
    seq = BigIntegerField(null=True)
    kind = TextField()
    text = TextField()
    clock = BigIntegerField()
    at = BigIntegerField()
    unread = BooleanField()
    late = BooleanField()
    disappears = IntegerField(null=True)
    gone_at = BigIntegerField(null=True)
    boot = BlobField(null=True)
    over_at = BigIntegerField(null=True)


class Forgotten(Row):
    """A message of a contact's that was deleted here: its text is gone, and a copy of it
    that was still on its way must not show it again."""

    contact = ForeignKeyField(Contact, on_delete="CASCADE")
    message_id = BlobField()


class Endpoint(Row):
    """Where to dial a device. A place, never a proof. `stream`, `seq`: of the record that named
    it; `not_before`: when it may be dialled."""

    device = ForeignKeyField(Device, on_delete="CASCADE")
    onion = BlobField()
    client_key = BlobField(null=True)
    priority = BigIntegerField()
    learned_at = BigIntegerField()
    stream = BlobField(null=True)
    seq = BigIntegerField(null=True)
    not_before = BigIntegerField(constraints=[SQL("DEFAULT 0")])


class Inbox(Row):
    """An onion of ours for contacts alone. `closing_since`: there is another in its place, and
    some may not know it yet."""

    seed = BlobField(unique=True)
    closing_since = BigIntegerField(null=True)


class Admission(Row):
    """A device's key to an inbox. `message_id`: of the record that gives it to them; `known`:
    they have receipted it."""

    inbox = ForeignKeyField(Inbox, on_delete="CASCADE")
    device = ForeignKeyField(Device, on_delete="CASCADE")
    client_key = BlobField()
    message_id = BlobField()
    known = BooleanField()


class Invite(Row):
    """An onion of ours for one guest, who is to be called `name`. `until`, `boot`, `over_at`: when
    it is over (term.py). `device`: who has used it."""

    number = AutoField()
    name = TextField()
    seed = BlobField(unique=True)
    client_key = BlobField()
    token = BlobField()
    since = BigIntegerField()
    until = BigIntegerField()
    boot = BlobField()
    over_at = BigIntegerField()
    device = ForeignKeyField(Device, null=True, on_delete="CASCADE")


class Reachability(Row):
    """At most one row: whether strangers find us, as the person has said (reachability.py)."""

    wanted = BooleanField()
    since = BigIntegerField()
    until = BigIntegerField(null=True)
    boot = BlobField(null=True)
    over_at = BigIntegerField(null=True)
    told = BooleanField()


class Request(Row):
    """A stranger who asks to be a contact. `number` is never used twice."""

    number = AutoField()
    key = BlobField(unique=True)
    text = TextField()
    stream = BlobField()
    at = BigIntegerField()


class Refused(Row):
    """Keys without a name that are rejected or blocked: treated as strangers for ever."""

    key = BlobField(unique=True)
    state = TextField()
    at = BigIntegerField()


class Session(Row):
    """`state` is the ratchet, opaque; `status`: live, receive_only or broken."""

    sid = BlobField(unique=True)
    device = ForeignKeyField(Device, on_delete="CASCADE")
    role = TextField()
    status = TextField()
    state = BlobField()
    sent = BigIntegerField()
    rcvd = BigIntegerField()
    created_at = BigIntegerField()


class SkippedKey(Row):
    session = ForeignKeyField(Session, on_delete="CASCADE")
    header_key = BlobField()
    number = BigIntegerField()
    message_key = BlobField()


class Receipt(Row):
    """The exact bytes that answered some envelopes, while a duplicate may still come."""

    session = ForeignKeyField(Session, on_delete="CASCADE")
    wire = BlobField()


class Seen(Row):
    """An envelope that was accepted. `due`: its record still needs a receipt; `withdrawn_by`: the
    message ID of the Withdrawn that came for it."""

    session = ForeignKeyField(Session, on_delete="CASCADE")
    digest = BlobField(index=True)
    message_id = BlobField(null=True)
    due = BooleanField()
    receipt = ForeignKeyField(Receipt, null=True, on_delete="SET NULL")
    withdrawn_by = BlobField(null=True)


class Outbox(Row):
    """One record for one device: queued, sent, delivered, cancelled or expired.

    `wire` is the exact ciphertext under `session`; without one the row waits to be
    encrypted. `record` is given with the number and stays the same until delivery.
    `expires_at`, `boot`, `over_at`: when it is over (ending.py). `not_before`, `held_boot`,
    `leaves_at`: until when it is held back (holding.py).
    """

    device = ForeignKeyField(Device, on_delete="CASCADE")
    shown = ForeignKeyField(Message, null=True, on_delete="CASCADE")
    message_id = BlobField()
    tag = IntegerField()
    state = TextField()
    record = BlobField(null=True)
    session = ForeignKeyField(Session, null=True, on_delete="SET NULL")
    wire = BlobField(null=True)
    attempts = IntegerField(constraints=[SQL("DEFAULT 0")])
    queued_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)
    delivered_at = BigIntegerField(null=True)
    expires_at = BigIntegerField(null=True)
    boot = BlobField(null=True)
    over_at = BigIntegerField(null=True)
    not_before = BigIntegerField(null=True)
    held_boot = BlobField(null=True)
    leaves_at = BigIntegerField(null=True)


class Sequence(Row):
    """The highest number of one author's stream in one conversation; `device` None is me."""

    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    device = ForeignKeyField(Device, null=True, on_delete="CASCADE")
    stream = BlobField()
    highest = BigIntegerField()


class Gap(Row):
    """Numbers `first`..`last` below the highest that have not come."""

    sequence = ForeignKeyField(Sequence, on_delete="CASCADE")
    first = BigIntegerField()
    last = BigIntegerField()


class Event(Row):
    """What happened, as a reference, never text. `cursor` counts up and is never reused."""

    cursor = AutoField()
    kind = TextField()
    at = BigIntegerField()
    message = ForeignKeyField(Message, null=True, on_delete="CASCADE")
    contact = ForeignKeyField(Contact, null=True, on_delete="CASCADE")
    request = ForeignKeyField(Request, null=True, on_delete="CASCADE")
    state = TextField(null=True)


class Reader(Row):
    """Somebody who reads the events and where they are."""

    name = TextField(unique=True)
    cursor = BigIntegerField()


MODELS = (
    *(Identity, Contact, Device, Conversation, Member, Message, Forgotten, Endpoint),
    *(Inbox, Admission, Invite, Reachability, Request, Refused),
    *(Session, SkippedKey, Receipt, Seen, Outbox, Sequence, Gap, Event, Reader),
)
