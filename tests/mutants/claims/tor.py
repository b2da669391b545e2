"""Who holds the process of tor."""

from tests.mutants.claims.weakness import Weakness

HELD = "node/test_rollback.py::test_a_verified_contact_without_a_common_session_is_held_back"
LOST = "node/test_rollback.py::test_what_waits_in_a_session_that_the_peer_lost_is_encrypted_again"

WEAKNESSES = (
    Weakness(
        "all sessions have the same keys",
        (
            (
                "crypto/transcript.py",
                'kdf.expand(self._chain, kdf.LABEL + b"session\\0" + self._hash, 128)',
                'kdf.expand(bytes(32), kdf.LABEL + b"session\\0", 128)',
            ),
            (
                "crypto/ratchet_step.py",
                'kdf.derive(rk, secret, kdf.LABEL + b"rk\\0" + context, 96)',
                'kdf.derive(rk, b"", kdf.LABEL + b"rk\\0", 96)',
            ),
        ),
        ("crypto/test_ratchet_refusals.py::test_another_session_is_not_mine",),
    ),
    Weakness(
        "whoever is held back is written to all the same",
        (("node/outbox.py", " or contact.held:", ":"),),
        (HELD,),
    ),
    Weakness(
        "whoever is held back counts as verified",
        (
            (
                "store/contacts.py",
                "Contact.update(verified=False, held=True)",
                "Contact.update(held=True)",
            ),
        ),
        (HELD,),
    ),
    Weakness(
        "a session in place of the known one is not told",
        (("node/greeting.py", "        (lost_all, NO_COMMON_SESSION),\n", ""),),
        (LOST,),
    ),
    Weakness(
        "tor's log is kept as it is",
        (("tor/process.py", 'return _ONION.sub("[onion]", line)', "return line"),),
        ("tor/test_process.py::test_no_address_survives_the_log",),
    ),
    Weakness(
        "what tor says is heard as it is",
        (("tor/process.py", "text = scrub(line.decode(", "text = (line.decode("),),
        ("tor/test_process.py::test_nobody_hears_what_it_says_before_it_is_scrubbed",),
    ),
)
