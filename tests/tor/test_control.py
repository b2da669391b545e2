"""The control connection against a script; test_live.py has the real one."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from onionchat.errors import UnreachableError
from onionchat.tor.address import UnixAddress
from onionchat.tor.control import Control
from onionchat.tor.control_errors import ControlLost, ControlRefused
from onionchat.tor.events import Liveness, Lost, Nudge
from tests.tor.scripted_tor import ScriptedTor

SECRET = "c2VjcmV0" * 11


Body = Callable[[ScriptedTor, Control], Awaitable[None]]
Connected = Callable[[Body], None]


@pytest.fixture
def connected(tmp_path: Path) -> Connected:
    """Run a body with a scripted tor and a connection to it; no thread may be left over."""

    def run(body: Body) -> None:
        async def inside() -> None:
            async with ScriptedTor(tmp_path).running() as tor:
                control = await Control.connect(tor.address)
                try:
                    await body(tor, control)
                finally:
                    await control.close()

        asyncio.run(inside())
        no_thread_is_left()

    return run


def no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name == "tor control":
            thread.join(5)
            assert not thread.is_alive()


def test_answers_find_their_questions(connected: Connected) -> None:
    async def body(tor: ScriptedTor, control: Control) -> None:
        tor.answers |= {"ONE": "250 a", "TWO": "250-b1\r\n250 b2", "NO": "552 no"}
        async with asyncio.TaskGroup() as group:
            a = group.create_task(control.ask("ONE"))
            b = group.create_task(control.ask("TWO"))
        assert (a.result(), b.result()) == (["a"], ["b1", "b2"])
        with pytest.raises(ControlRefused) as refused:
            await control.ask("NO")
        assert refused.value.code == 552

    connected(body)


def test_an_abandoned_question_does_not_shift_the_answers(connected: Connected) -> None:
    async def body(tor: ScriptedTor, control: Control) -> None:
        tor.answers |= {"ONE": "250 a", "TWO": "250 b"}
        tor.stopped = True
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(control.ask("ONE"))
            await tor.until_asked("ONE")
            asking.cancel()
        tor.stopped = False
        tor.say("250 a")
        assert await control.ask("TWO") == ["b"]

    connected(body)


def test_what_tor_tells_is_typed_and_the_end_is_last(connected: Connected) -> None:
    async def body(tor: ScriptedTor, control: Control) -> None:
        events = control.events()
        tor.tell("NETWORK_LIVENESS DOWN", "CIRC 4 BUILT", "NETWORK_LIVENESS UP")
        assert await events.get() == Liveness(False)
        assert await events.get() == Liveness(True)
        control.nudge()
        assert await events.get() == Nudge()
        tor.drop()
        assert await events.get() == Lost()
        with pytest.raises(ControlLost):
            await control.ask("GETINFO version")

    connected(body)


def test_a_stopped_tor_costs_one_deadline_and_the_connection(connected: Connected) -> None:
    async def body(tor: ScriptedTor, control: Control) -> None:
        tor.stopped = True
        with pytest.raises(ControlLost):
            await control.ask("GETINFO version", timeout=0.05)
        assert await control.events().get() == Lost()

    connected(body)


def test_the_end_answers_whoever_waits(connected: Connected) -> None:
    async def body(tor: ScriptedTor, control: Control) -> None:
        tor.stopped = True

        async def ask() -> None:
            with pytest.raises(ControlLost):
                await control.ask("GETINFO version")

        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            await tor.until_asked("GETINFO version")
            tor.drop()

    connected(body)


def test_a_tor_that_is_stopped_from_the_start(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            tor.stopped = True
            with pytest.raises(ControlLost, match="does not answer"):
                await Control.connect(tor.address, timeout=0.05)

    asyncio.run(run())
    no_thread_is_left()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="nobody answers"):
        asyncio.run(_connect(UnixAddress(tmp_path / "nothing")))
    no_thread_is_left()


async def _connect(address: UnixAddress) -> None:
    await Control.connect(address)


def test_a_cookie_is_never_shown_to_a_port_that_only_wants_to_see_it(tmp_path: Path) -> None:
    (tmp_path / "cookie").write_bytes(b"k" * 32)

    async def run(tor: ScriptedTor) -> None:
        tor.answers["PROTOCOLINFO"] = (
            "250-PROTOCOLINFO 1\r\n"
            f'250-AUTH METHODS=COOKIE COOKIEFILE="{tmp_path / "cookie"}"\r\n250 OK'
        )
        async with tor.running():
            with pytest.raises(UnreachableError) as refused:
                await Control.connect(tor.address)
        assert refused.value.hint

    tor = ScriptedTor(tmp_path)
    asyncio.run(run(tor))
    assert tor.asked == ["PROTOCOLINFO 1"]


def test_a_key_stays_out_of_logs_and_errors(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def body(tor: ScriptedTor, control: Control) -> None:
        tor.answers["ADD_ONION"] = f"512 Bad arguments to ADD_ONION: ED25519-V3:{SECRET}"
        with pytest.raises(ControlRefused) as refused:
            await control.ask(f"ADD_ONION ED25519-V3:{SECRET}")
        assert SECRET not in str(refused.value)
        tor.stopped = True
        with pytest.raises(ControlLost) as lost:
            await control.ask(f"ADD_ONION ED25519-V3:{SECRET}", timeout=0.05)
        assert SECRET not in repr(lost.value.__dict__)

    connected(body)
    assert SECRET not in caplog.text
    assert logging.getLogger("stem").level == logging.WARNING
