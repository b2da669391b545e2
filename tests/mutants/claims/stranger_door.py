"""A stranger who has the address: their places at the door, and what they say before a proof."""

from tests.mutants.claims.weakness import Weakness

_FULL = "            leaving = self._inside.pop(_random.randrange(len(self._inside)))\n"
_TURNED_AWAY = '            raise ConnectionError("there is no place")\n'
_SILENCE = "        except (RemoteError, ConnectionError, TimeoutError, Gone):\n            pass\n"
_SE = (
    "    transcript.mix_key(exchange("
    'X25519PrivateKey.from_private_bytes(dh), image(claim)), b"se")\n'
)
_SAID_WHY = (
    "        except (RemoteError, ConnectionError, TimeoutError, Gone) as error:\n"
    "            with __import__('contextlib').suppress(ConnectionError):\n"
    '                await link.write(str(error).encode() or b"?")\n'
)

WEAKNESSES = (
    Weakness(
        "strangers are let in without a pause between them",
        (("tor/listener.py", "SPACING = 0.004", "SPACING = 0.0"),),
        ("tor/test_listener.py::test_a_crowd_is_let_in_one_after_another",),
    ),
    Weakness(
        "an onion takes no more links than there are places for strangers",
        (("node/places.py", "INBOUND = 512", "INBOUND = 8"),),
        ("node/test_strangers.py::test_strangers_keep_no_friend_out",),
    ),
    Weakness(
        "all places are the same few, and who comes last is turned away",
        (
            ("node/room.py", _FULL, _TURNED_AWAY),
            ("node/room.py", "self._inside: list[Visitor] = []", "self._inside = INSIDE"),
            ("node/room.py", "class Room:", "INSIDE: list[Visitor] = []\n\n\nclass Room:"),
            ("protocol/limits.py", "UNPROVEN_CONNECTIONS: Final = 64", "UNPROVEN_CONNECTIONS = 8"),
        ),
        ("node/test_strangers.py::test_strangers_keep_no_friend_out",),
    ),
    Weakness(
        "who comes when every place is taken is turned away",
        (("node/room.py", _FULL, _TURNED_AWAY),),
        ("node/test_door.py::test_when_every_place_is_taken_a_random_one_makes_room",),
    ),
    Weakness(
        "there are places without end",
        (("node/room.py", "if len(self._inside) >= self._places:", "if False:"),),
        ("node/test_door.py::test_when_every_place_is_taken_a_random_one_makes_room",),
    ),
    Weakness(
        "who came first makes room",
        (("node/room.py", "_random.randrange(len(self._inside))", "0"),),
        ("node/test_room.py::test_chance_says_who_makes_room",),
    ),
    Weakness(
        "a handshake may take for ever",
        (("node/door.py", "asyncio.timeout(HANDSHAKE_SECONDS)", "asyncio.timeout(None)"),),
        ("node/test_door.py::test_one_byte_a_second_does_not_hold_a_place",),
    ),
    Weakness(
        "whoever is called answers with the same ephemeral keys",
        (
            (
                "protocol/channel.py",
                "def answer(cls, me: Identity, rand: Callable[[int], bytes] = token_bytes)",
                "def answer(cls, me: Identity, rand: Callable[[int], bytes] = bytes)",
            ),
        ),
        ("node/test_door.py::test_a_handshake_that_was_recorded_opens_nothing",),
    ),
    Weakness(
        "the initiator's own key enters nothing",
        (
            (
                "crypto/handshake.py",
                '    transcript.mix_key(exchange(me.x25519(), bundle.dh), b"se")\n',
                "",
            ),
            (
                "crypto/handshake.py",
                _SE,
                "",
            ),
        ),
        (
            "node/test_door.py::test_a_name_that_is_not_ones_own_opens_nothing",
            "crypto/test_handshake.py::test_whoever_claims_to_be_another_has_other_keys",
            "crypto/test_mailbox.py::test_whoever_claims_to_be_another_has_other_keys",
        ),
    ),
    Weakness(
        "who says something wrong is told what",
        (("node/door.py", _SILENCE, _SAID_WHY),),
        (
            "node/test_door.py::test_garbage_is_answered_with_silence",
            "node/test_door.py::test_a_flipped_bit_anywhere_is_answered_with_silence",
        ),
    ),
    Weakness(
        "what is wrong with what they say ends the node",
        (("node/door.py", "except (RemoteError, ConnectionError,", "except (ConnectionError,"),),
        (
            "node/test_door.py::test_garbage_is_answered_with_silence",
            "node/test_door.py::test_a_flipped_bit_anywhere_is_answered_with_silence",
            "node/test_door.py::test_hanging_up_at_any_point_does_nothing",
        ),
    ),
    Weakness(
        "whatever is poured in before the proof is taken in",
        (
            (
                "protocol/channel.py",
                "return UNPROVEN_BYTES - self._received if self.peer is None else READ_BYTES",
                "return READ_BYTES",
            ),
        ),
        ("node/test_door.py::test_an_unproven_connection_is_read_up_to_4_kib",),
    ),
)
