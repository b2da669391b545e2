"""What a person is told whom a running tor does not let in."""

import asyncio
import grp
import importlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onionchat.errors import UnreachableError
from onionchat.tor import doors
from onionchat.tor.address import TcpAddress, UnixAddress
from onionchat.tor.control import Control
from onionchat.tor.doors import closed, socks_trouble, unreadable
from onionchat.tor.find import find_tor
from onionchat.tor.process import TorProcess
from tests.live.tors import debian_settings
from tests.tor.test_process import offline_torrc
from tests.tor.test_torrc import NOWHERE

ME = pwd.getpwuid(os.geteuid()).pw_name
OTHERS = 65534
DAEMON = grp.getgrnam("daemon").gr_gid

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def debian_tor(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The members of the group that every file belongs to."""
    members: list[str] = []
    group = grp.struct_group(("debian-tor", "x", 105, members))
    monkeypatch.setattr(grp, "getgrgid", lambda _: group)
    return members


def told(path: Path, mode: int) -> str:
    path.touch()
    path.chmod(mode)
    return closed(UnixAddress(path), PermissionError()).hint


@pytest.fixture
def in_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the file were not root's, which it is when root runs the tests."""
    real = Path.stat

    def stat_of(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = real(path, follow_symlinks=follow_symlinks)
        return os.stat_result((*found[:5], 105, *found[6:10]))

    monkeypatch.setattr(Path, "stat", stat_of)


@pytest.mark.usefixtures("in_group")
def test_who_is_in_no_group_gets_the_command(tmp_path: Path, debian_tor: list[str]) -> None:
    assert told(tmp_path / "c", 0o660) == f"sudo adduser {ME} debian-tor, then log in again"


@pytest.mark.usefixtures("in_group")
def test_who_has_joined_has_to_log_in_again(tmp_path: Path, debian_tor: list[str]) -> None:
    debian_tor.append(ME)
    assert told(tmp_path / "c", 0o660).endswith("since the last log-in: log in again")


@pytest.mark.usefixtures("in_group")
def test_where_the_group_may_not_enter_joining_is_no_help(
    tmp_path: Path, debian_tor: list[str]
) -> None:
    assert "torrc.example" in told(tmp_path / "c", 0o600)


def test_nobody_is_told_to_join_the_group_of_root(tmp_path: Path) -> None:
    (tmp_path / "c").touch(mode=0o660)
    if os.geteuid() == 0:
        assert "torrc.example" in told(tmp_path / "c", 0o660)


def test_a_service_that_does_not_run_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "DEBIAN", tmp_path)
    missing = closed(UnixAddress(tmp_path / "control"), FileNotFoundError())
    assert missing.hint == "start it: sudo systemctl start tor@default"
    elsewhere = closed(TcpAddress("127.0.0.1", 9), ConnectionRefusedError())
    assert "nobody answers" in elsewhere.message


def test_a_cookie_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "TOR_CONTROL_COOKIE_AUTH_FILE" in unreadable(tmp_path / "cookie").hint


@contextmanager
def as_nobody() -> Iterator[None]:
    """Somebody else, in no group."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(OTHERS)
    os.seteuid(OTHERS)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
        importlib.invalidate_caches()  # what nobody could not read is not gone


@pytest.fixture
def run() -> Iterator[Path]:
    """Like /run/tor: everybody may look into it."""
    place = Path(tempfile.mkdtemp(prefix="run-tor-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


async def connect(run: Path) -> None:
    control = await Control.connect(UnixAddress(run / "control"))
    await control.close()


def complaint(run: Path) -> UnreachableError:
    with as_nobody(), pytest.raises(UnreachableError) as refused:
        asyncio.run(connect(run))
    return refused.value


@needs_root
def test_a_real_tor_with_the_settings_of_debian(tmp_path: Path, run: Path) -> None:
    """Step by step, as somebody would open it who has just installed it."""
    offline = ("SocksPort 0\n", "DisableNetwork 1\n")
    text = "".join(
        line for line in offline_torrc(tmp_path / "t").splitlines(True) if line not in offline
    )
    torrc = text + NOWHERE + debian_settings(run)

    async def started() -> None:
        up = asyncio.Event()

        def look(line: str) -> None:
            if "Bootstrapped 0%" in line:
                up.set()

        tor = await TorProcess.start(find_tor(), torrc, run, look)
        async with tor, asyncio.timeout(20), asyncio.TaskGroup() as group:
            running = group.create_task(tor.run())
            await up.wait()
            await asyncio.to_thread(steps)
            running.cancel()

    def steps() -> None:
        control, cookie, socks = run / "control", run / "control.authcookie", run / "socks"
        assert stat.S_IMODE(control.stat().st_mode) == 0o660
        for path in (control, cookie):
            os.chown(path, -1, DAEMON)
        asyncio.run(connect(run))  # root may; and nobody may not be able to import our modules
        join = "sudo adduser nobody daemon, then log in again"
        assert complaint(run).hint == join
        control.chmod(0o666)
        refused = complaint(run)
        assert (str(cookie) in refused.message, refused.hint) == (True, join)
        cookie.chmod(0o600)
        assert "torrc.example" in complaint(run).hint
        socks.chmod(0o600)
        with as_nobody():
            assert "SOCKS socket" in (asyncio.run(socks_trouble(UnixAddress(socks))) or "")
        assert asyncio.run(socks_trouble(UnixAddress(socks))) is None

    asyncio.run(started())
