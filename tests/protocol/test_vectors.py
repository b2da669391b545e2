"""What the second implementation wrote, read by this one: bytes, choices and refusals."""

from typing import Any

import pytest

from onionchat.errors import RemoteError
from onionchat.protocol import hello as hellos
from onionchat.protocol import records
from onionchat.protocol.framing import Kind, Opener, Sealer
from onionchat.protocol.hello import Hello, Listed, Purpose
from onionchat.protocol.records import Unknown
from onionchat.protocol.session_choice import choose
from onionchat.types import Incarnation, SessionId
from tests.vectors import load

CHANNEL, RECORDS = load("channel"), load("records")
KEY = bytes.fromhex(CHANNEL["key"])


def name_of(case: dict[str, str]) -> str:
    return case["name"]


def hello(rows: list[tuple[str, int, int]], incarnation: bytes = bytes(16)) -> Hello:
    listed = (Listed(SessionId(bytes.fromhex(sid)), sent, rcvd) for sid, sent, rcvd in rows)
    return Hello(0, Purpose.TALK, Incarnation(incarnation), tuple(listed))


def test_a_direction_of_frames_reads_and_writes_the_same() -> None:
    opener, sealer = Opener(KEY), Sealer(KEY)
    for case in CHANNEL["frames"]:
        kind, payload = Kind(case["type"]), bytes.fromhex(case["payload"])
        frame = bytes.fromhex(case["frame"])
        assert opener.open(frame) == (kind, payload)
        assert sealer.seal(kind, payload) == frame


@pytest.mark.parametrize("case", CHANNEL["refused"], ids=name_of)
def test_a_frame_that_breaks_a_rule_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(RemoteError):
        Opener(KEY).open(bytes.fromhex(case["frame"]))


@pytest.mark.parametrize("case", CHANNEL["hellos"], ids=name_of)
def test_a_hello_reads_and_writes_the_same(case: dict[str, Any]) -> None:
    rows = [tuple(row.values()) for row in case["sessions"]]
    made = hello(rows, bytes.fromhex(case["incarnation"]))
    assert hellos.encode(made).hex() == case["payload"]
    assert hellos.decode(bytes.fromhex(case["payload"])) == made


@pytest.mark.parametrize("case", CHANNEL["choices"], ids=name_of)
def test_both_choose_the_same_session(case: dict[str, Any]) -> None:
    choice = choose(hello(case["mine"]), hello(case["theirs"]))
    broken = {sid.hex() for sid in choice.rolled_back_me + choice.rolled_back_peer}
    assert (choice.use.hex() if choice.use else None) == case["use"]
    assert sorted(broken) == case["broken"]


@pytest.mark.parametrize("case", RECORDS["records"], ids=name_of)
def test_a_record_reads_and_writes_the_same(case: dict[str, str]) -> None:
    data = bytes.fromhex(case["record"])
    record = records.decode(data)
    assert record is not None
    if isinstance(record, Unknown):
        assert record.raw == data
    elif "later version" not in case["name"]:
        assert records.encode(record) == data


@pytest.mark.parametrize("case", RECORDS["refused"], ids=name_of)
def test_a_record_that_breaks_a_rule_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(RemoteError):
        records.decode(bytes.fromhex(case["record"]))
