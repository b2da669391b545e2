"""Two contacts together."""

from tests.mutants.claims.weakness import Weakness

TOGETHER = "node/test_expelled.py::test_two_contacts_together_get_no_further_than_one"

UNPROVEN = (
    (
        "crypto/handshake.py",
        '    transcript.mix_key(exchange(me.x25519(), bundle.dh), b"se")\n',
        "",
    ),
    (
        "crypto/handshake.py",
        (
            "    transcript.mix_key(exchange(X25519PrivateKey.from_private_bytes(dh),"
            ' image(claim)), b"se")\n'
        ),
        "",
    ),
)
"""Nothing in the keys comes from the key of whoever dialled."""

WEAKNESSES = (
    Weakness(
        "everybody has the same key to an inbox",
        (("node/inboxes.py", "client_key.new()", 'b"k" * 32'),),
        (TOGETHER,),
    ),
    Weakness(
        "the inbox is the address",
        (
            (
                "node/inboxes.py",
                "inboxes.create(secrets.token_bytes(32))",
                "inboxes.create(identities.load().seed)",
            ),
        ),
        (TOGETHER,),
    ),
    Weakness(
        "whoever has a key to an inbox is heard there",
        (
            (
                "node/places.py",
                "Door(self._profile, self._peers, None)",
                "Door(self._profile, self._peers, Strangers(self._profile, self._peers))",
            ),
        ),
        (TOGETHER,),
    ),
    Weakness(
        "whoever names somebody is believed",
        UNPROVEN,
        (
            "crypto/test_handshake.py::test_whoever_claims_to_be_another_has_other_keys",
            "crypto/test_mailbox.py::test_whoever_claims_to_be_another_has_other_keys",
        ),
    ),
)
