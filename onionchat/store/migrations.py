"""The schema by numbered steps, from version 1 on.

Each step is SQL that is never edited again once it was released: a profile of any age
walks the same way to the newest version, in one transaction for each step. The number
stands in `PRAGMA user_version`. A profile from a newer program is refused, untouched.
"""

from collections.abc import Callable

from onionchat.errors import DamagedError

VERSION_1 = """
CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), seed BLOB NOT NULL,
    stream BLOB NOT NULL, incarnation BLOB NOT NULL, generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL);
CREATE TABLE contact (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    skeleton TEXT NOT NULL UNIQUE, key BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('requested', 'contact', 'blocked')),
    verified INTEGER NOT NULL, held INTEGER NOT NULL, created_at INTEGER NOT NULL,
    last_seen INTEGER, request_id BLOB NOT NULL, request_text TEXT, next_offer INTEGER);
CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact_id INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE, key BLOB NOT NULL);
CREATE INDEX device_contact ON device (contact_id);
CREATE TABLE conversation (id INTEGER PRIMARY KEY AUTOINCREMENT, wire_id BLOB);
CREATE TABLE member (id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    UNIQUE (conversation_id, contact_id));
CREATE INDEX member_contact ON member (contact_id);
CREATE TABLE message (id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    author_id INTEGER REFERENCES contact ON DELETE CASCADE, message_id BLOB NOT NULL,
    stream BLOB, seq INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'unsupported', 'notice')), text TEXT NOT NULL,
    clock INTEGER NOT NULL, at INTEGER NOT NULL, unread INTEGER NOT NULL, late INTEGER NOT NULL);
CREATE UNIQUE INDEX message_by_author ON message (message_id, author_id);
CREATE INDEX message_in_conversation ON message (conversation_id, id);
CREATE INDEX message_unread ON message (id) WHERE unread;
CREATE TABLE endpoint (id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL REFERENCES device ON DELETE CASCADE, onion BLOB NOT NULL,
    client_key BLOB, priority INTEGER NOT NULL, learned_at INTEGER NOT NULL,
    UNIQUE (device_id, onion));
CREATE TABLE request (number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE,
    text TEXT NOT NULL, stream BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE refused (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('rejected', 'blocked')), at INTEGER NOT NULL);
CREATE TABLE session (id INTEGER PRIMARY KEY AUTOINCREMENT, sid BLOB NOT NULL UNIQUE,
    device_id INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('alice', 'bob')),
    status TEXT NOT NULL CHECK (status IN ('live', 'receive_only', 'broken')),
    state BLOB NOT NULL, sent INTEGER NOT NULL, rcvd INTEGER NOT NULL,
    created_at INTEGER NOT NULL);
CREATE INDEX session_of_device ON session (device_id, id);
CREATE TABLE skippedkey (id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    header_key BLOB NOT NULL, number INTEGER NOT NULL, message_key BLOB NOT NULL,
    UNIQUE (session_id, header_key, number));
CREATE TABLE receipt (id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL REFERENCES session ON DELETE CASCADE, wire BLOB NOT NULL);
CREATE INDEX receipt_of_session ON receipt (session_id);
CREATE TABLE seen (id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session ON DELETE CASCADE, digest BLOB NOT NULL,
    message_id BLOB, due INTEGER NOT NULL,
    receipt_id INTEGER REFERENCES receipt ON DELETE SET NULL);
CREATE INDEX seen_digest ON seen (digest);
CREATE INDEX seen_of_session ON seen (session_id);
CREATE INDEX seen_receipt ON seen (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX seen_due ON seen (id) WHERE due;
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    shown_id INTEGER REFERENCES message ON DELETE CASCADE, message_id BLOB NOT NULL,
    tag INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'cancelled', 'expired')),
    record BLOB, session_id INTEGER REFERENCES session ON DELETE SET NULL, wire BLOB,
    attempts INTEGER NOT NULL DEFAULT 0, queued_at INTEGER NOT NULL, sent_at INTEGER,
    delivered_at INTEGER);
CREATE INDEX outbox_open ON outbox (device_id, id) WHERE state IN ('queued', 'sent');
CREATE INDEX outbox_by_id ON outbox (message_id);
CREATE INDEX outbox_of_message ON outbox (shown_id);
CREATE INDEX outbox_of_session ON outbox (session_id) WHERE session_id IS NOT NULL;
CREATE TABLE sequence (id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    device_id INTEGER REFERENCES device ON DELETE CASCADE, stream BLOB NOT NULL,
    highest INTEGER NOT NULL);
CREATE UNIQUE INDEX sequence_of ON sequence (conversation_id, ifnull(device_id, 0), stream);
CREATE TABLE gap (id INTEGER PRIMARY KEY,
    sequence_id INTEGER NOT NULL REFERENCES sequence ON DELETE CASCADE,
    first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX gap_of ON gap (sequence_id, first);
CREATE TABLE event (cursor INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    at INTEGER NOT NULL, message_id INTEGER REFERENCES message ON DELETE CASCADE,
    contact_id INTEGER REFERENCES contact ON DELETE CASCADE,
    request_id INTEGER REFERENCES request ON DELETE CASCADE, state TEXT);
CREATE INDEX event_of_message ON event (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX event_of_contact ON event (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX event_of_request ON event (request_id) WHERE request_id IS NOT NULL;
CREATE TABLE reader (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL);
"""

VERSION_2 = """
ALTER TABLE contact ADD COLUMN blocked_from TEXT;
CREATE TABLE forgotten (id INTEGER PRIMARY KEY,
    contact_id INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE, message_id BLOB NOT NULL,
    UNIQUE (contact_id, message_id));
CREATE INDEX outbox_in_flight ON outbox (device_id) WHERE wire IS NOT NULL;
CREATE INDEX outbox_yes ON outbox (device_id) WHERE tag = 4 AND state IN ('queued', 'sent');
"""

VERSION_3 = """
CREATE INDEX message_unread_by ON message (author_id, id) WHERE unread;
CREATE INDEX message_notice ON message (author_id, at) WHERE kind = 'notice';
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (device_id, id, shown_id) WHERE state IN ('queued', 'sent');
CREATE INDEX outbox_in_order ON outbox (id, device_id, shown_id) WHERE state IN ('queued', 'sent');
DROP INDEX outbox_by_id;
CREATE INDEX outbox_by_id ON outbox (message_id, device_id);
DROP INDEX seen_due;
CREATE INDEX seen_due ON seen (session_id, id, message_id, due) WHERE due;
"""

VERSION_4 = """
ALTER TABLE outbox ADD COLUMN expires_at INTEGER;
ALTER TABLE outbox ADD COLUMN boot BLOB;
ALTER TABLE outbox ADD COLUMN over_at INTEGER;
CREATE INDEX outbox_expires ON outbox (device_id, boot, over_at)
    WHERE expires_at IS NOT NULL AND state IN ('queued', 'sent');
CREATE INDEX outbox_again ON outbox (device_id, id)
    WHERE record IS NOT NULL AND wire IS NULL AND state IN ('queued', 'sent');
"""

VERSION_5 = """
ALTER TABLE conversation ADD COLUMN disappear INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN keep INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN disappears INTEGER;
ALTER TABLE message ADD COLUMN gone_at INTEGER;
ALTER TABLE message ADD COLUMN boot BLOB;
ALTER TABLE message ADD COLUMN over_at INTEGER;
CREATE INDEX message_gone ON message (boot, over_at) WHERE gone_at IS NOT NULL;
"""

VERSION_6 = """
ALTER TABLE outbox ADD COLUMN not_before INTEGER;
ALTER TABLE outbox ADD COLUMN held_boot BLOB;
ALTER TABLE outbox ADD COLUMN leaves_at INTEGER;
CREATE INDEX outbox_held ON outbox (held_boot, leaves_at)
    WHERE not_before IS NOT NULL AND state IN ('queued', 'sent');
"""

VERSION_7 = """
CREATE TABLE inbox (id INTEGER PRIMARY KEY AUTOINCREMENT, seed BLOB NOT NULL UNIQUE,
    closing_since INTEGER);
CREATE TABLE admission (id INTEGER PRIMARY KEY,
    inbox_id INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    device_id INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    client_key BLOB NOT NULL, message_id BLOB NOT NULL, known INTEGER NOT NULL,
    UNIQUE (inbox_id, device_id));
CREATE INDEX admission_of_device ON admission (device_id);
CREATE INDEX message_in_stream ON message (author_id, stream, seq) WHERE seq IS NOT NULL;
CREATE TABLE reachability (id INTEGER PRIMARY KEY CHECK (id = 1), wanted INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER, boot BLOB, over_at INTEGER, told INTEGER NOT NULL);
ALTER TABLE device ADD COLUMN next_move INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint ADD COLUMN stream BLOB;
ALTER TABLE endpoint ADD COLUMN seq INTEGER;
ALTER TABLE endpoint ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
"""

VERSION_8 = """
ALTER TABLE seen ADD COLUMN withdrawn_by BLOB;
CREATE INDEX seen_withdrawn ON seen (withdrawn_by) WHERE withdrawn_by IS NOT NULL;
"""

VERSION_9 = """
CREATE TABLE invite (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
    seed BLOB NOT NULL UNIQUE, client_key BLOB NOT NULL, token BLOB NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL, boot BLOB NOT NULL, over_at INTEGER NOT NULL,
    device_id INTEGER REFERENCES device ON DELETE CASCADE);
CREATE INDEX invite_of_device ON invite (device_id) WHERE device_id IS NOT NULL;
"""

STEPS = (
    *(VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7, VERSION_8),
    VERSION_9,
)
"""Step n leads from version n - 1 to version n."""


def migrate(version: int, execute: Callable[[str], object]) -> int:
    """Walk from `version` to the newest, one statement at a time; returns the newest.

    The caller runs this inside one transaction and writes the version in it.
    """
    if version > len(STEPS):
        raise DamagedError(
            f"this profile was written by a newer onionchat (schema {version})",
            "update onionchat; nothing was changed",
        )
    for step in STEPS[version:]:
        for statement in step.split(";\n"):
            if statement.strip():
                execute(statement)
    return len(STEPS)
