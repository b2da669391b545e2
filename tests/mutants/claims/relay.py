"""Who stands between: a relay of the Tor network, or of many."""

from tests.mutants.claims.weakness import Weakness

UNAUTHENTICATED = (
    (
        "protocol/framing.py",
        "            plaintext = self._aead.decrypt(_nonce(self._counter), frame[1:], ad)\n",
        (
            "            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms\n"
            "            nonce = (1).to_bytes(4, 'little') + _nonce(self._counter)\n"
            "            stream = Cipher(algorithms.ChaCha20(self._key, nonce), None).decryptor()\n"
            "            plaintext = stream.update(bytes(frame[1:-_TAG]))\n"
        ),
    ),
    (
        "protocol/framing.py",
        (
            '    """Frames of one direction, incoming."""\n\n'
            "    def __init__(self, key: bytes) -> None:\n"
        ),
        "    def __init__(self, key: bytes) -> None:\n        self._key = key\n",
    ),
)

AGAIN = (
    "store/outbox.py",
    "    return [WireRow(row, wire) for row, wire, sid in rows if sid in sids]\n",
    ("    Outbox.update(wire=None, session=None).where(_open(device)).execute()\n    return []\n"),
)
"""On a new connection everything is encrypted again."""

BROKEN = (
    "node/test_retransmission.py::test_connections_that_break_all_the_time_lose_and_double_nothing"
)

WEAKNESSES = (
    Weakness(
        "a frame is decrypted, and its tag is not looked at",
        UNAUTHENTICATED,
        (
            "node/test_door.py::test_a_flipped_bit_in_a_frame_ends_the_connection_unheard",
            "protocol/test_framing.py::test_every_byte_of_a_frame_counts",
        ),
    ),
    Weakness(
        "a size leaves room in its frame",
        (("protocol/padding.py", "(1522, 5426,", "(1522, 4000,"),),
        ("protocol/test_padding.py::test_each_size_fills_its_frame_to_the_byte",),
    ),
    Weakness(
        "a frame is as long as what is said in it",
        (
            (
                "protocol/padding.py",
                '(len(record).to_bytes(_LENGTH, "big") + record).ljust(size, b"\\0")',
                'len(record).to_bytes(_LENGTH, "big") + record',
            ),
            (
                "protocol/framing.py",
                '(head + payload).ljust((CELL << size_class) - 1 - _TAG, b"\\0")',
                "head + payload",
            ),
        ),
        ("protocol/test_padding.py::test_a_frame_shows_the_size_and_not_the_length",),
    ),
    Weakness(
        "frames are not counted",
        (
            (
                "protocol/framing.py",
                '    return bytes(4) + counter.to_bytes(8, "big")\n',
                "    return bytes(12)\n",
            ),
        ),
        ("protocol/test_framing.py::test_lost_repeated_and_swapped_frames_do_not_open",),
    ),
    Weakness(
        "a frame that is missing is passed over",
        (
            (
                "protocol/framing.py",
                '            raise RemoteError("a frame does not open") from None\n',
                "            self._counter += 1\n            return self.open(frame)\n",
            ),
        ),
        ("protocol/test_framing.py::test_lost_repeated_and_swapped_frames_do_not_open",),
    ),
    Weakness(
        "both directions have one key",
        (
            (
                "crypto/transcript.py",
                "return keys[:32], keys[32:]\n",
                "return keys[:32], keys[:32]\n",
            ),
        ),
        ("protocol/test_channel.py::test_a_reflected_frame_does_not_open",),
    ),
    Weakness(
        "who answers has the same keys each time",
        (
            (
                "crypto/handshake.py",
                "self._dh, self._seed = self._rand(32), self._rand(kem.SEED)\n",
                'self._dh, self._seed = b"d" * 32, b"s" * kem.SEED\n',
            ),
            (
                "crypto/handshake.py",
                "own_bundle(Kind.LIVE, self._rand(16), 0,",
                "own_bundle(Kind.LIVE, bytes(16), 0,",
            ),
        ),
        ("protocol/test_channel.py::test_a_replayed_connection_is_not_believed",),
    ),
    Weakness(
        "what was written is taken for delivered",
        (("store/outbox.py", '        state="sent",\n', '        state="delivered",\n'),),
        (BROKEN,),
    ),
    Weakness(
        "what is encrypted again for a new connection is shown again",
        (
            (
                "node/inbox.py",
                (
                    "        shown = [message for number, message in self._shown.items()"
                    " if number not in known]\n"
                ),
                (
                    "        import dataclasses, secrets\n"
                    "        known |= {MessageId(secrets.token_bytes(16)) for _ in self._shown}\n"
                    "        shown = [\n"
                    "            dataclasses.replace(message, message_id=known.pop())\n"
                    "            for message in self._shown.values()\n"
                    "        ]\n"
                ),
            ),
            AGAIN,
        ),
        (BROKEN,),
    ),
    Weakness(
        "on a new connection everything is encrypted again",
        (AGAIN,),
        ("node/test_sessions.py::test_a_crash_between_commit_and_write_sends_the_same_bytes",),
    ),
    Weakness(
        "the ratchet moves on though the body does not open",
        (
            (
                "crypto/envelope.py",
                (
                    '            raise Refused("an envelope whose body does not open",'
                    " self.digest) from None\n"
                ),
                '            return b""\n',
            ),
        ),
        (
            "crypto/test_ratchet_refusals.py::test_a_flipped_bit_burns_no_key",
            "crypto/test_ratchet_refusals.py::test_a_cut_envelope_burns_no_key",
        ),
    ),
    Weakness(
        "a handshake has its X25519 half alone",
        (
            (
                "crypto/handshake.py",
                '    transcript.mix_key(secret, b"kem")\n',
                '    transcript.mix_key(bytes(32), b"kem")\n',
            ),
            (
                "crypto/handshake.py",
                'transcript.mix_key(kem.private_key(seed).decapsulate(ciphertext), b"kem")',
                'transcript.mix_key(bytes(32), b"kem")',
            ),
        ),
        ("crypto/test_handshake.py::test_without_the_kem_a_recorded_handshake_names_nobody",),
    ),
    Weakness(
        "a step has its X25519 half alone",
        (
            (
                "crypto/ratchet_step.py",
                "exchange(own.x25519, header.dh) + own.mlkem.decapsulate(header.ct)",
                "exchange(own.x25519, header.dh)",
            ),
            (
                "crypto/ratchet_step.py",
                "exchange(own.x25519, peer_dh) + shared",
                "exchange(own.x25519, peer_dh)",
            ),
        ),
        ("crypto/test_ratchet.py::test_one_half_of_a_step_opens_nothing",),
    ),
    Weakness(
        "a step has its ML-KEM half alone",
        (
            (
                "crypto/ratchet_step.py",
                "exchange(own.x25519, header.dh) + own.mlkem.decapsulate(header.ct)",
                "own.mlkem.decapsulate(header.ct)",
            ),
            ("crypto/ratchet_step.py", "exchange(own.x25519, peer_dh) + shared", "shared"),
        ),
        ("crypto/test_ratchet.py::test_one_half_of_a_step_opens_nothing",),
    ),
    Weakness(
        "no ciphertext of ML-KEM matters to a step",
        (
            (
                "crypto/ratchet_step.py",
                "exchange(own.x25519, header.dh) + own.mlkem.decapsulate(header.ct)",
                "exchange(own.x25519, header.dh)",
            ),
            (
                "crypto/ratchet_step.py",
                "kdf.digest(header.dh, own.dh_public, own.ek, header.ct)",
                "kdf.digest(header.dh, own.dh_public, own.ek)",
            ),
            (
                "crypto/ratchet_step.py",
                "exchange(own.x25519, peer_dh) + shared",
                "exchange(own.x25519, peer_dh)",
            ),
            (
                "crypto/ratchet_step.py",
                "kdf.digest(own.dh_public, peer_dh, peer_ek, ct)",
                "kdf.digest(own.dh_public, peer_dh, peer_ek)",
            ),
        ),
        ("crypto/test_ratchet_refusals.py::test_a_wrong_ciphertext_is_a_body_that_does_not_open",),
    ),
)
