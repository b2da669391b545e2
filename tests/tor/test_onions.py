import asyncio
from pathlib import Path

import pytest

from onionchat.errors import LocalError, RefusedError, UsageError
from onionchat.tor import onions
from onionchat.tor.address import Address, TcpAddress, UnixAddress
from onionchat.tor.control_errors import ControlRefused
from onionchat.tor.onions import Onion

BLOB = "OJTupJxYCu+BaTV2K+BJVZ1tFEDe3hLmoSXxhB//jm+p1xhio+V0a1cb49GHsAQQRvUuvYUMfL1f3o7jhHO2SQ=="
ID = "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"
OTHER = "a" * 56


class Script:
    """A control connection that knows its lines."""

    def __init__(self, *answers: list[str] | ControlRefused) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def ask(self, line: str) -> list[str]:
        self.asked.append(line)
        answer = self.answers.pop(0)
        if isinstance(answer, ControlRefused):
            raise answer
        return answer


HERE = UnixAddress(Path("/run/s"))


def add(control: Script, target: Address = HERE, version: str | None = None) -> bool:
    return asyncio.run(onions.add(control, Onion(BLOB, ID, target), version))


COLLISION = ControlRefused(550, "Onion address collision")
UNKNOWN = ControlRefused(552, "Unknown Onion Service id")


@pytest.mark.parametrize(
    ("target", "written"),
    [
        (HERE, "unix:/run/s"),
        (TcpAddress("127.0.0.1", 4711), "127.0.0.1:4711"),
    ],
)
def test_the_line(target: Address, written: str) -> None:
    control = Script([f"ServiceID={ID}", "OK"])
    assert add(control, target)
    words = f"ED25519-V3:{BLOB} Flags=DiscardPK Port=5222,{written} MaxStreams=4"
    assert control.asked == [f"ADD_ONION {words}"]


POW = " PoWDefensesEnabled=1 PoWQueueRate=8 PoWQueueBurst=40"


@pytest.mark.parametrize(
    ("version", "asks"),
    [
        ("0.4.9.9", True),
        ("0.4.9.11", True),
        ("0.4.10.1-alpha", True),
        ("0.5.0.0", True),
        ("0.4.9.8", False),
        ("0.4.8.22", False),
        ("", False),
        ("newest", False),
    ],
)
def test_work_is_asked_for_where_tor_does_it_safely(version: str, asks: bool) -> None:
    control = Script([f"ServiceID={ID}", "OK"])
    assert add(control, version=version)
    assert control.asked[0].endswith(" MaxStreams=4" + POW * asks)


def test_who_has_a_key_proves_no_work() -> None:
    control = Script([f"ServiceID={ID}", "OK"])
    onion = Onion(BLOB, ID, HERE, frozenset({bytes(32)}))
    assert asyncio.run(onions.add(control, onion, "0.4.9.11"))
    assert "PoW" not in control.asked[0]


def test_a_wrong_blob_is_taken_down_at_once_and_loud() -> None:
    control = Script([f"ServiceID={OTHER}", "OK"], ["OK"])
    with pytest.raises(LocalError) as loud:
        add(control)
    assert control.asked[1:] == [f"DEL_ONION {OTHER}"]
    assert BLOB not in str(loud.value)
    assert OTHER not in str(loud.value)


def test_our_own_old_onion_makes_room() -> None:
    control = Script(COLLISION, ["OK"])
    assert not add(control)
    assert control.asked[1:] == [f"DEL_ONION {ID}"]


def test_another_programs_onion_is_said_so() -> None:
    with pytest.raises(RefusedError, match="another program"):
        add(Script(COLLISION, UNKNOWN))


def test_any_other_refusal_is_passed_on() -> None:
    with pytest.raises(ControlRefused, match="510"):
        add(Script(ControlRefused(510, "Command filtered")))


def test_taking_down_what_is_not_up_is_done() -> None:
    asyncio.run(onions.remove(Script(UNKNOWN), ID))
    with pytest.raises(ControlRefused):
        asyncio.run(onions.remove(Script(ControlRefused(512, "")), ID))


def test_the_key_does_not_print() -> None:
    assert BLOB not in repr(Onion(BLOB, ID, TcpAddress("127.0.0.1", 1)))
    assert BLOB not in str(ControlRefused(512, f"Bad argument {BLOB}"))


@pytest.mark.parametrize("name", ["a b", "é", 'a"b', "a\nb"])
def test_a_path_that_cannot_be_told_to_tor_is_refused_early(name: str) -> None:
    with pytest.raises(UsageError):
        Onion(BLOB, ID, UnixAddress(Path("/run") / name))
