"""The bugs: what stands in the source, what is put there instead, and who must notice.

An instrument is a selection of tests, or a few simulated hours full of some faults
(`simulated.py`). Each was chosen because it should notice, and sees only the planted bug.
"""

from dataclasses import dataclass

Change = tuple[str, str, str]
"""A file in onionchat/, what stands there exactly once, and what is put in its place."""


@dataclass(frozen=True)
class Bug:
    """`changes`: old and new text in `file`; each old text stands there exactly once."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    instrument: tuple[str, ...]

    @property
    def places(self) -> list[Change]:
        return [(self.file, old, new) for old, new in self.changes]


def tests(*selection: str) -> tuple[str, ...]:
    return ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *selection)


def hours_of(*faults: str) -> tuple[str, ...]:
    return ("-m", "tests.mutants.simulated", *faults)


RATCHET = tests(
    *(f"tests/crypto/test_ratchet{what}.py" for what in ("", "_refusals", "_clones", "_vectors"))
)

BUGS = (
    Bug(
        "acknowledged before the commit",
        "store/database.py",
        (
            ('            connection.execute("COMMIT")\n', "            pass\n"),
            (
                '        connection.execute("BEGIN IMMEDIATE")\n',
                (
                    "        if connection.in_transaction:\n"
                    '            connection.execute("COMMIT")\n'
                    '        connection.execute("BEGIN IMMEDIATE")\n'
                ),
            ),
        ),
        tests("tests/store/test_database.py"),
    ),
    Bug(
        "synchronous=NORMAL",
        "store/database.py",
        (('"synchronous": 2', '"synchronous": 1'),),
        tests("tests/crash/test_power_cuts.py"),
    ),
    Bug(
        "a message that is known is stored again",
        "node/inbox.py",
        (("known = messages.known(contact.id, list(self._shown))", "known = set()"),),
        tests("tests/node/test_retransmission.py", "tests/node/test_sessions.py"),
    ),
    Bug(
        "an envelope that was accepted is not remembered",
        "node/inbox.py",
        (("        seen.add(self._accepted)\n", ""),),
        hours_of("link_breaks", "kill"),
    ),
    Bug(
        "a duplicate is not answered",
        "node/inbox.py",
        (("self._found.repeat += receipts.repeat(self._contact.device, digest)", "pass"),),
        hours_of("link_breaks", "kill"),
    ),
    Bug(
        "encrypted again for a new connection",
        "store/outbox.py",
        (
            (
                ("    return [WireRow(row, wire) for row, wire, sid in rows if sid in sids]\n"),
                (
                    "    Outbox.update(wire=None, session=None).where(_open(device)).execute()\n"
                    "    return []\n"
                ),
            ),
        ),
        tests("tests/node/test_sessions.py", "tests/node/test_retransmission.py"),
    ),
    Bug(
        "nothing is repeated on a new connection",
        "store/outbox.py",
        (
            (
                ("    return [WireRow(row, wire) for row, wire, sid in rows if sid in sids]\n"),
                "    return []\n",
            ),
        ),
        hours_of("link_breaks"),
    ),
    Bug(
        "what was written in a session that no connection knows stays there",
        "node/outbox.py",
        (("    outbox.give_back(contacts.by_id(contact).device, shared)\n", "    pass\n"),),
        tests("tests/node/test_stranded.py"),
    ),
    Bug(
        "a receipt leaves on the connection that is preferred",
        "node/talk.py",
        (
            (
                "        self.owe_receipts(found.due)\n",
                "        (self._peer.preferred or self).owe_receipts(found.due)\n",
            ),
        ),
        tests("tests/simulation/test_scenes.py"),
    ),
    Bug(
        "what was lost on a connection that lives is not asked for again",
        "node/overdue.py",
        (("        return self._looks.bit_count() == 1\n", "        return False\n"),),
        tests("tests/simulation/test_scenes.py"),
    ),
    Bug(
        "a receipt is not believed",
        "node/inbox.py",
        (("outbox.delivered(self._contact.device, ids, self._now)", "set()"),),
        hours_of("kill"),
    ),
    Bug(
        "a Withdrawn that comes again is answered alone",
        "store/receipts.py",
        (("        _WITHDRAWN_DUE.change(message_id)\n", ""),),
        tests("tests/node/test_withdrawal.py"),
    ),
    Bug(
        "an invite lets in whoever finds its onion",
        "node/invites.py",
        ((" or not hmac.compare_digest(row.token, token):", ":"),),
        tests("tests/node/test_invites.py"),
    ),
    Bug(
        "an invite works twice",
        "node/invites.py",
        (("row is None or row.device is not None or", "row is None or"),),
        tests("tests/node/test_invites.py"),
    ),
    Bug(
        "an invite has no end",
        "store/invites.py",
        (("        if left <= 0 or (", "        if ("),),
        tests("tests/node/test_invites.py"),
    ),
    Bug(
        "who was blocked comes in by an invite",
        "node/invites.py",
        (('requests.refusal(key) == "blocked" or (', "("),),
        tests("tests/node/test_invites.py"),
    ),
    Bug(
        "the ratchet moves on though the body does not open",
        "crypto/ratchet.py",
        (
            (
                "    mk, chain = chain.take()\n    padded = envelope.open(mk)\n    stored",
                (
                    "    mk, chain = chain.take()\n"
                    "    try:\n        padded = envelope.open(mk)\n"
                    '    except RemoteError:\n        padded = b""\n'
                    "    stored"
                ),
            ),
        ),
        RATCHET,
    ),
    Bug(
        "header and body are not bound to each other",
        "crypto/envelope.py",
        (("_cipher(mk, _BODY + _context(ad, eh))", "_cipher(mk, _BODY)"),),
        RATCHET,
    ),
    Bug(
        "the salt does not depend on the text",
        "crypto/envelope.py",
        (("kdf.mac(mk, _SALT + random + padded)", "kdf.mac(mk, _SALT + random)"),),
        RATCHET,
    ),
    Bug(
        "the encapsulated secret is not mixed in",
        "crypto/ratchet_step.py",
        (("exchange(own.x25519, peer_dh) + shared", "exchange(own.x25519, peer_dh)"),),
        RATCHET,
    ),
    Bug(
        "the profile's lock is not taken",
        "store/lock.py",
        (
            (
                "        _lock(descriptor, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, _DECIDES)\n",
                "        pass\n",
            ),
        ),
        tests("tests/store/test_lock.py"),
    ),
    Bug(
        "the pauses between dials are never short again",
        "node/dialing.py",
        (
            (
                "        self._failures = self._losses = 0\n        self._patience = PATIENCE\n",
                "        self._losses = 0\n",
            ),
        ),
        tests("tests/node/test_schedule.py"),
    ),
    Bug(
        "a connection that came to nothing is followed by the next at once",
        "node/peer.py",
        (("        if not talk.good:\n", "        if False:\n"),),
        hours_of("disk_full"),
    ),
    Bug(
        "who slept believes in its connections",
        "node/peer.py",
        (("            talk.doubt()\n", "            pass\n"),),
        tests("tests/simulation/test_scenes.py"),
    ),
    Bug(
        "the newest that waits goes first",
        "store/outbox.py",
        (
            (
                "    return rows.order_by(Outbox.id)\n",
                "    return rows.order_by(Outbox.id.desc())\n",
            ),
        ),
        hours_of("offline"),
    ),
    Bug(
        "a gap is not noted",
        "store/sequences.py",
        (
            (
                "Gap.insert(sequence=row.id, first=highest + 1, last=first - 1).execute()",
                "pass",
            ),
        ),
        tests("tests/node"),
    ),
    Bug(
        "a rollback of ours is not noticed",
        "protocol/session_choice.py",
        (("    return other.rcvd > one.sent\n", "    return False\n"),),
        tests("tests/protocol/test_session_choice.py", "tests/node/test_rollback.py"),
    ),
    Bug(
        "an old disk goes on counting where it was",
        "node/rollback.py",
        (
            (
                "    identities.renew(StreamId(stream), Incarnation(incarnation))\n",
                "    assert stream != incarnation\n",
            ),
        ),
        tests("tests/simulation/test_scenes.py"),
    ),
    Bug(
        "a verified contact that lost every session is not held back",
        "node/greeting.py",
        (("        contacts.hold(contact.id)\n", "        pass\n"),),
        tests("tests/node/test_rollback.py"),
    ),
    Bug(
        "whoever dials lets others speak before the hellos are there",
        "node/peer.py",
        (
            (
                "            async with self.speaking:\n                standing",
                "            if True:\n                standing",
            ),
        ),
        tests("tests/node/test_sessions.py"),
    ),
    Bug(
        "an event is not written with its message",
        "store/messages.py",
        (("    events.messages_received(numbers, now)\n", "    pass\n"),),
        hours_of("kill"),
    ),
    Bug(
        "reading marks as read",
        "node/verbs/messages.py",
        (
            (
                "        if begun:\n            profile.running().expires()\n",
                "        await profile.db.run(messages.mark_read, [it.cursor for it in rows])\n",
            ),
        ),
        tests("tests/rpc"),
    ),
    Bug(
        "an inbox stays where it is when somebody is removed",
        "node/inboxes.py",
        (
            (
                "    inboxes.close(inboxes.shut_out(contact.device), now)\n",
                "    inboxes.shut_out(contact.device)\n",
            ),
        ),
        tests("tests/node/test_expelled.py"),
    ),
    Bug(
        "an old inbox closes at once, whoever does not know the new one",
        "store/inboxes.py",
        (
            (
                "(Inbox.closing_since < argument(0)) | Inbox.id.not_in(_needed())",
                "(Inbox.closing_since < argument(0)) | Inbox.id.in_(_needed())",
            ),
        ),
        tests("tests/node/test_expelled.py"),
    ),
    Bug(
        "who is blocked keeps their key",
        "store/inboxes.py",
        (("    Admission.delete().where(Admission.device == device).execute()\n", ""),),
        hours_of("blocked"),
    ),
    Bug(
        "the key to an inbox is told to tor once",
        "tor/authorisation.py",
        (
            (
                "    if place.client_key is None:\n",
                "    if place.client_key is None or place in listed.__dict__:\n",
            ),
            (
                "    if control is None:\n",
                "    listed.__dict__[place] = 1\n    if control is None:\n",
            ),
        ),
        tests("tests/tor/test_authorisation.py"),
    ),
    Bug(
        "a stranger who knocks at an inbox is answered",
        "node/places.py",
        (
            (
                "Door(self._profile, self._peers, None)",
                "Door(self._profile, self._peers, Strangers(self._profile, self._peers))",
            ),
        ),
        tests("tests/node/test_expelled.py", "-k", "together"),
    ),
    Bug(
        "the address does not go down",
        "node/places.py",
        (("        if reachable.on:\n", "        if True:\n"),),
        hours_of("hidden", "blocked"),
    ),
)
