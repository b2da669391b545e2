"""Writes channel.json and records.json: `python -m tests.vectors.generate_protocol`.

Everything comes from the second implementation, which knows only docs/protocol.md; the tests
replay it with the program. All inputs are fixed, so the files do not change when this runs.
"""

from typing import Any

from tests.second import channel, records
from tests.second.channel import Hello, Row, Sealer
from tests.vectors import save

KEY = bytes(range(32))
IDS = [bytes([n]) * 16 for n in range(1, 6)]
HEAD = (IDS[0], b"\xa0" * 8, 7, 1732000000000)


def frames() -> list[dict[str, Any]]:
    """One direction in order: the counter goes on from frame to frame."""
    sealer = Sealer(KEY)
    said = [
        (channel.HELLO, Hello(IDS[0]).encode()),
        (channel.PING, b"echo"),
        (channel.PONG, bytes(64)),
        (channel.ENVELOPE, b"e" * 468),
        (channel.ENVELOPE, b"e" * 469),
        (channel.ENVELOPE, b"e" * 3884),
        (channel.BYE, b""),
    ]
    return [
        {"type": kind, "payload": payload.hex(), "frame": sealer.frame(kind, payload).hex()}
        for kind, payload in said
    ]


def refused_frames() -> list[dict[str, str]]:
    """Each as the first frame of a direction."""
    plain = bytes([channel.PING]) + b"\0\4echo"
    made = {
        "padding that is not zero": plain + b"\1",
        "a length beyond the end": bytes([channel.PING]) + b"\2\0",
        "an unknown type": b"\x07\0\0",
    }
    rows = [{"name": name, "frame": raw(plaintext).hex()} for name, plaintext in made.items()]
    flipped = bytearray(Sealer(KEY).frame(channel.PING, b"echo"))
    flipped[100] ^= 1
    return [*rows, {"name": "a flipped bit", "frame": flipped.hex()}]


def raw(plaintext: bytes) -> bytes:
    """A frame of class 0 with whatever inside."""
    from tests.second.primitives import seal

    return b"\0" + seal(KEY, bytes(12), plaintext.ljust(471, b"\0"), b"\0")


def hellos() -> list[dict[str, Any]]:
    rows = [Row(IDS[1], 3, 2), Row(IDS[2], 2**64 - 1, 0)]
    made = [
        ("none", ()),
        ("two sessions", tuple(rows)),
        ("four", tuple(Row(i, 1, 1) for i in IDS[:4])),
    ]
    return [
        {
            "name": name,
            "incarnation": IDS[0].hex(),
            "sessions": [{"sid": r.sid.hex(), "sent": r.sent, "rcvd": r.rcvd} for r in listed],
            "payload": Hello(IDS[0], listed).encode().hex(),
        }
        for name, listed in made
    ]


def choices() -> list[dict[str, Any]]:
    """`mine` and `theirs` as lists of [sid, sent, rcvd]; `use` null: a new session."""
    one, two, three = IDS[:3]
    pairs: dict[str, tuple[list[tuple[bytes, int, int]], list[tuple[bytes, int, int]]]] = {
        "nothing on either side": ([], []),
        "nothing in common": ([(one, 1, 1)], [(two, 1, 1)]),
        "one in common": ([(one, 3, 2)], [(one, 2, 3)]),
        "the greatest of two": ([(one, 1, 1), (two, 1, 1)], [(two, 1, 1), (one, 1, 1)]),
        "I was rolled back": ([(one, 2, 2)], [(one, 2, 3)]),
        "the peer was rolled back": ([(one, 2, 3)], [(one, 2, 2)]),
        "the lesser one is broken": ([(two, 1, 1), (one, 1, 1)], [(two, 1, 1), (one, 1, 2)]),
        "the greatest is broken": ([(two, 1, 1), (one, 1, 1)], [(two, 1, 2), (one, 1, 1)]),
        "one retired beside a common one": ([(three, 1, 1), (one, 1, 1)], [(one, 1, 1)]),
    }
    rows = []
    for name, (mine, theirs) in pairs.items():
        choice = channel.choose(
            Hello(bytes(16), tuple(Row(*row) for row in mine)),
            Hello(bytes(16), tuple(Row(*row) for row in theirs)),
        )
        rows.append(
            {
                "name": name,
                "mine": [[sid.hex(), sent, rcvd] for sid, sent, rcvd in mine],
                "theirs": [[sid.hex(), sent, rcvd] for sid, sent, rcvd in theirs],
                "use": choice.use.hex() if choice.use else None,
                "broken": sorted(sid.hex() for sid in choice.broken),
            }
        )
    return rows


def record(
    name: str, tag: int, *fields: object, conversation: bytes | None = None
) -> dict[str, str]:
    made = records.Record(tag, *HEAD, conversation, fields).encode()
    return {"name": name, "record": made.hex()}


def good_records() -> list[dict[str, str]]:
    return [
        {"name": "Empty", "record": records.Record(records.EMPTY).encode().hex()},
        {
            "name": "Receipt",
            "record": records.Record(records.RECEIPT, fields=tuple(IDS)).encode().hex(),
        },
        record("Text", records.TEXT, "h\u00e9llo \U0001f9c5"),
        record("Text of a later version", records.TEXT, "hi", {"more": [1, None]}),
        record("Text, 16384 bytes", records.TEXT, "x" * 16384),
        record("Text in a conversation", records.TEXT, "hi", conversation=IDS[4]),
        record("ContactRequest", records.CONTACT_REQUEST, "it is me"),
        record("Accept", records.ACCEPT),
        record("Endpoint", records.ENDPOINT, KEY, None, 10),
        record("Withdrawn", records.WITHDRAWN, 2, 3),
        record("Lifetimes", 7, 3600, 2, 2592000),
        record("Fleeting", 8, "hi", 3600),
        record("Guest", 9, bytes(range(16))),
        record("an unknown tag", 99, "whatever", 5),
    ]


def refused_records() -> list[dict[str, str]]:
    long_form = bytes.fromhex("dc00019100")
    made = {
        "an empty text": records.Record(records.TEXT, *HEAD, None, ("",)).encode(),
        "a text of 16385 bytes": records.Record(2, *HEAD, None, ("x" * 16385,)).encode(),
        "seq 0": records.Record(records.TEXT, HEAD[0], HEAD[1], 0, 0, None, ("x",)).encode(),
        "a request of 501 characters": records.Record(3, *HEAD, None, ("x" * 501,)).encode(),
        "Withdrawn backwards": records.Record(6, *HEAD, None, (3, 2)).encode(),
        "257 receipts": records.Record(1, fields=tuple(IDS[:1] * 257)).encode(),
        "an id of 15 bytes": records.Record(2, bytes(15), *HEAD[1:], None, ("x",)).encode(),
        "not the shortest form": long_form,
        "nothing": b"",
        "a map": b"\x80",
    }
    for data in made.values():
        assert not accepted(data)
    return [{"name": name, "record": data.hex()} for name, data in made.items()]


def accepted(data: bytes) -> bool:
    from tests.second.primitives import Refused

    try:
        records.decode(data)
    except Refused:
        return False
    return True


def main() -> None:
    save(
        "channel",
        {
            "about": "Frames, hellos, choice of session (docs/protocol.md 3). `frames` are one "
            "direction in order under `key`; `refused` each the first of its direction.",
            "key": KEY.hex(),
            "frames": frames(),
            "refused": refused_frames(),
            "hellos": hellos(),
            "choices": choices(),
        },
    )
    save(
        "records",
        {
            "about": "Records (docs/protocol.md 5): `records` are accepted and encode to the same "
            "bytes (an unknown tag is kept as it is); `refused` are refused.",
            "records": good_records(),
            "refused": refused_records(),
        },
    )


if __name__ == "__main__":
    main()
