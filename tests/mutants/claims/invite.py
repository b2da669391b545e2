"""Who sees an invite."""

from tests.mutants.claims.weakness import Weakness

_INVITES, _CANARY = "node/test_invites.py", "cli/test_canary.py"
_TRANSCRIPTS = "live/test_transcripts.py"
_IS_OVER = (
    "store/invites.py",
    "        if left <= 0 or (row.device_id and inboxes.can_come(row.device_id)):\n",
)
_GUEST = "device_id INTEGER REFERENCES device ON DELETE {});\nCREATE INDEX invite_of"
_MADE = '    row = ask(invocation, "invite.make", name=name, seconds=expires)\n'
_UNUSED = "if row is None or row.device is not None or not hmac"

WEAKNESSES = (
    Weakness(
        "an invite works twice",
        (("node/invites.py", _UNUSED, "if row is None or not hmac"),),
        (f"{_INVITES}::test_the_first_guest_is_the_only_one",),
    ),
    Weakness(
        "an invite works without its token",
        (("node/invites.py", " or not hmac.compare_digest(row.token, token):", ":"),),
        (f"{_INVITES}::test_the_first_guest_is_the_only_one",),
    ),
    Weakness(
        "whoever is not let in is told so",
        (
            (
                "node/guests.py",
                "            if peer is None:\n",
                "            if peer is None:\n                await connection.send(Bye())\n",
            ),
            ("node/guests.py", "import EnvelopeReceived, PeerBye\n", "import *\n"),
        ),
        (f"{_INVITES}::test_the_first_guest_is_the_only_one",),
    ),
    Weakness(
        "whoever is not let in is hung up on",
        (("node/guests.py", "            if peer is None:\n", "            if False:\n"),),
        (f"{_INVITES}::test_nobody_at_an_invite_is_hung_up_on_before_others",),
    ),
    Weakness(
        "an invite has no end",
        ((*_IS_OVER, _IS_OVER[1].replace("left <= 0 or ", "")),),
        (f"{_INVITES}::test_an_invite_is_over_when_its_time_is_whatever_the_clock_says",),
    ),
    Weakness(
        "a reboot under another clock gives an invite more time",
        (("store/term.py", "min(row.until - now, row.until - row.since)", "row.until - now"),),
        (f"{_INVITES}::test_an_invite_is_over_when_its_time_is_whatever_the_clock_says",),
    ),
    Weakness(
        "an invite that was cancelled can be used",
        (
            (
                "store/invites.py",
                "return bool(Invite.delete().where(",
                "return bool(Invite.select(Invite.number).where(",
            ),
        ),
        (f"{_INVITES}::test_an_invite_that_is_over_becomes_a_request",),
    ),
    Weakness(
        "its onion stays when its guest has come",
        ((*_IS_OVER, "        if left <= 0:\n"),),
        (
            f"{_INVITES}::test_two_people_whom_nobody_can_find_become_contacts",
            f"{_TRANSCRIPTS}::test_people_talk_over_unix_sockets_alone",
        ),
    ),
    Weakness(
        "whoever asked and was blocked comes in by an invite",
        (("node/invites.py", 'requests.refusal(key) == "blocked" or (', "("),),
        (f"{_INVITES}::test_nobody_who_was_blocked_comes_in_by_an_invite",),
    ),
    Weakness(
        "a contact who was blocked uses an invite up",
        (("node/invites.py", ' or (known and known.state != "requested")', ""),),
        (f"{_INVITES}::test_nobody_who_was_blocked_comes_in_by_an_invite",),
    ),
    Weakness(
        "the invite of a guest who was blocked or removed stays",
        (
            ("node/inboxes.py", "    invites.shut_out(contact.device)\n", ""),
            (
                "store/migrations.py",
                _GUEST.format("CASCADE"),
                _GUEST.format("SET NULL"),
            ),
        ),
        (f"{_INVITES}::test_a_guest_who_is_removed_at_once_does_not_come_back",),
    ),
    Weakness(
        "an invite's row prints its token",
        (("store/invites.py", "token: bytes = field(repr=False)", "token: bytes"),),
        (f"{_INVITES}::test_an_invite_prints_no_secret",),
    ),
    Weakness(
        "what was made prints the invite",
        (("node/verbs/invites.py", 'return "<Made>"', 'return f"<Made {self.invite}>"'),),
        (f"{_INVITES}::test_an_invite_prints_no_secret",),
    ),
    Weakness(
        "an error repeats the invite that was typed",
        (
            (
                "protocol/invite.py",
                '"an invite has only the letters a-z and the digits 2-7 behind its colon"',
                'f"an invite has only the letters a-z and the digits 2-7, not {letters}"',
            ),
        ),
        ("protocol/test_invite.py::test_whatever_is_typed_is_refused_in_words",),
    ),
    Weakness(
        "who types an invite of their own is shown it again",
        (
            (
                "node/verbs/adding.py",
                'RefusedError("this is your own invite",',
                'RefusedError(f"this is your own invite: {params.address}",',
            ),
        ),
        (f"{_CANARY}::test_no_log_and_no_file_has_a_canary",),
    ),
    Weakness(
        "the node says which invite it has made",
        (
            (
                "node/verbs/invites.py",
                "    return Made(row.number,",
                "    print(text, file=__import__('sys').stderr)\n    return Made(row.number,",
            ),
        ),
        (f"{_CANARY}::test_no_log_and_no_file_has_a_canary",),
    ),
    Weakness(
        "an invite that was made is kept in a file",
        (
            (
                "cli/invite.py",
                _MADE,
                f"""{_MADE}    open("invites", "a").write(row["invite"])\n""",
            ),
        ),
        (
            f"{_CANARY}::test_no_log_and_no_file_has_a_canary",
            f"{_TRANSCRIPTS}::test_people_talk_over_unix_sockets_alone",
        ),
    ),
)
