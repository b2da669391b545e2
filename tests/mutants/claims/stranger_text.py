"""A stranger who has the address: what they write, and what they call themselves."""

from tests.mutants.claims.weakness import Weakness

WEAKNESSES = (
    Weakness(
        "the text of a request is shown as it came",
        (
            (
                "cli/request.py",
                "return block(terminal.encodable(text, sys.stdout), terminal.width(sys.stdout))",
                "return text",
            ),
        ),
        ("cli/test_hostile.py::test_requests_stay_in_their_place",),
    ),
    Weakness(
        "only the first line of a text stands behind the gutter",
        (
            (
                "cli/render.py",
                r'return "\n".join(GUTTER + piece for piece in _pieces(text, room, room))',
                r'return GUTTER + "\n".join(_pieces(text, room, room))',
            ),
        ),
        ("cli/test_render.py::test_a_forged_sender_stays_behind_the_gutter",),
    ),
    Weakness(
        "an address is taken whatever its checksum says",
        (("crypto/address.py", "if checksum != _checksum(key):", "if False:"),),
        (
            "crypto/test_address.py::test_vectors",
            "crypto/test_address.py::test_no_other_letter_at_any_place",
        ),
    ),
    Weakness(
        "an invite is taken whatever its checksum says",
        (
            (
                "protocol/invite.py",
                "if not hmac.compare_digest(_check(raw[:-_CHECK]), raw[-_CHECK:]):",
                "if False:",
            ),
        ),
        (
            "protocol/test_invite.py::test_vectors",
            "protocol/test_invite.py::test_no_other_letter_at_any_place",
        ),
    ),
    Weakness(
        "whoever has an address that begins the same is taken for a contact",
        (
            ("store/contacts.py", "return _one(_BY_KEY, key)", "return _one(_BY_KEY, key[:1])"),
            (
                "store/contacts.py",
                "where(Contact.key == argument(0))",
                "where(fn.substr(Contact.key, 1, 1) == argument(0))",
            ),
        ),
        ("node/test_people.py::test_an_address_that_only_begins_the_same_is_somebody_elses",),
    ),
    Weakness(
        "a key may have a part of small order",
        (
            (
                "crypto/ed25519_point.py",
                " and not _is_identity(point) and _is_identity(_times(ORDER, point))",
                "",
            ),
        ),
        (
            "crypto/test_ed25519_point.py::test_a_key_with_a_part_of_small_order_is_refused",
            "crypto/test_address.py::test_vectors",
        ),
    ),
    Weakness(
        "the label of the protocol is another",
        (("crypto/kdf.py", 'LABEL = b"onionchat/1 "', 'LABEL = b"onionchat/2 "'),),
        (
            "crypto/test_handshake.py::test_vectors",
            "crypto/test_mailbox.py::test_vectors",
            "crypto/test_safety.py::test_vectors",
        ),
    ),
    Weakness(
        "a private key is not clamped",
        (("crypto/identity.py", "digest[31] & 63 | 64", "digest[31]"),),
        ("crypto/test_identity.py::test_vectors",),
    ),
)
