"""The child: a real tor without a network, because how it dies is its own affair."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from onionchat.errors import UnreachableError
from onionchat.tor.find import TorBinary, find_tor
from onionchat.tor.process import TorFailed, TorProcess, run_tor, scrub, why
from tests.child import Child

ADDRESS = "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"


def offline_torrc(home: Path) -> str:
    home.mkdir(mode=0o700, exist_ok=True)
    owner = f"__OwningControllerProcess {os.getpid()}\n"
    return f'DataDirectory "{home}/data"\nSocksPort 0\nDisableNetwork 1\nLog notice stdout\n{owner}'


def dies(torrc: str, home: Path) -> TorFailed:
    with pytest.raises(TorFailed) as failed:
        asyncio.run(run_tor(find_tor(), torrc, home, lambda _: None))
    return failed.value


@pytest.mark.parametrize("text", [ADDRESS, ADDRESS.upper(), f"x{ADDRESS}y", f"{ADDRESS}.onion"])
def test_no_address_survives_the_log(text: str) -> None:
    assert ADDRESS not in scrub(f"[warn] closing {text} now").lower()


def test_nobody_hears_what_it_says_before_it_is_scrubbed(tmp_path: Path) -> None:
    talkative, heard = tmp_path / "tor", list[str]()
    talkative.write_text(f"#!/bin/sh\necho '[warn] closing {ADDRESS} now'\nexit 1\n")
    talkative.chmod(0o755)
    with pytest.raises(TorFailed) as failed:
        asyncio.run(run_tor(TorBinary(talkative, (0, 4, 9, 11)), "", tmp_path, heard.append))
    assert heard == ["[warn] closing [onion] now"]
    assert "closing [onion] now" in failed.value.message


def test_an_option_that_tor_does_not_know_is_told_with_a_next_step(tmp_path: Path) -> None:
    failed = dies(offline_torrc(tmp_path / "t") + "NoSuchOption 1\n", tmp_path / "t")
    assert "option" in failed.message
    assert "--torrc-include" in failed.hint


def test_a_data_directory_in_use_is_told(tmp_path: Path) -> None:
    async def scene() -> TorFailed:
        torrc = offline_torrc(tmp_path / "t")
        up = asyncio.Event()

        def look(line: str) -> None:
            if "Bootstrapped 0%" in line or "Opened" in line or "starting" in line:
                up.set()

        tor = await TorProcess.start(find_tor(), torrc, tmp_path / "t", look)
        async with tor, asyncio.TaskGroup() as group:
            first = group.create_task(tor.run())
            await up.wait()
            with pytest.raises(TorFailed) as second:
                await run_tor(find_tor(), torrc, tmp_path / "t", lambda _: None)
            first.cancel()
        return second.value

    failed = asyncio.run(scene())
    assert "in use by another tor" in failed.message


ROOT = "[warn] You are running Tor as root. You don't need to, and you probably shouldn't."


def test_a_tor_that_says_nothing_useful_is_quoted() -> None:
    log = ["Nov 23 12:00:00.000 [warn] Something unheard of", "[err] Reading config failed"]
    assert "Something unheard of" in why(1, [log[0], f"{log[1]}--see warnings above."]).message
    assert "code 7" in why(7, ["[notice] bye"]).message
    assert "code 7" in why(7, [ROOT]).message, "no reason, though it is a complaint"


def test_a_tor_that_was_killed_is_not_explained_by_an_old_complaint() -> None:
    assert "SIGKILL" in why(-signal.SIGKILL, [ROOT, "[warn] Our clock is 3 hours behind"]).message


@pytest.mark.parametrize("name", ["bridget", "clock", "permission", "transport"])
def test_a_word_in_a_path_is_no_reason(name: str) -> None:
    failed = why(1, [f"[warn] /home/{name}/onionchat is not as it should be"])
    assert "is not as it should be" in failed.message


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("[warn] Our clock is 3 hours behind", "clock"),
        ("[warn] Directory /x cannot be read: Permission denied", "own directory"),
        ("[err] No space left on device", "disk is full"),
    ],
)
def test_tors_complaints_become_sentences(line: str, word: str) -> None:
    failed = why(1, [line])
    assert word in failed.message
    assert failed.hint
    assert isinstance(failed, UnreachableError)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Bridge hello", "bridge line"),
        ("ClientTransportPlugin obfs4", "transport"),
        ('DataDirectory "/dev/null"', "cannot make its directory"),
        (f"ControlPort unix:/{'x' * 120}", "too long"),
        ("ControlPort unix:{open}/control", "others can enter"),
    ],
)
def test_what_a_real_tor_complains_about(tmp_path: Path, line: str, word: str) -> None:
    """In tor's own words, so that a new tor that words it differently is noticed here."""
    own = offline_torrc(tmp_path / "t")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    if line.startswith("DataDirectory"):
        own = "".join(kept for kept in own.splitlines(True) if "DataDirectory" not in kept)
    line = line.format(open=tmp_path / "open")
    assert word in dies(f"{own}{line}\n", tmp_path / "t").message


def test_a_program_that_has_gone_is_a_failure_of_tor(tmp_path: Path) -> None:
    """Not a bug of ours: an update replaces it while it is started again."""
    gone = TorBinary(tmp_path / "tor", (0, 4, 9, 11))
    with pytest.raises(TorFailed, match="cannot be run"):
        asyncio.run(run_tor(gone, "", tmp_path, lambda _: None))


@pytest.mark.parametrize("more", ["", "# a pipe holds less than this\n" * 10_000], ids=["", "long"])
def test_nobody_can_change_what_it_was_told(tmp_path: Path, more: str) -> None:
    """Not by a file in its directory, and not when it is asked to read again."""
    torrc = offline_torrc(tmp_path / "t") + more
    (tmp_path / "t" / "torrc").write_text("NoSuchOption 1\n")

    async def scene() -> None:
        started, asked = asyncio.Event(), asyncio.Event()

        def look(line: str) -> None:
            if "Bootstrapped 0%" in line:
                started.set()
            if "Not reloading config file" in line:
                asked.set()

        tor = await TorProcess.start(find_tor(), torrc, tmp_path / "t", look)
        async with tor, asyncio.TaskGroup() as group:
            running = group.create_task(tor.run())
            await started.wait()
            os.kill(tor.pid, signal.SIGHUP)
            await asked.wait()
            running.cancel()

    asyncio.run(scene())
    assert (tmp_path / "t" / "torrc").read_text() == "NoSuchOption 1\n"


def test_cancelling_ends_it(tmp_path: Path) -> None:
    async def scene() -> int:
        torrc = offline_torrc(tmp_path / "t")
        async with await TorProcess.start(find_tor(), torrc, tmp_path, lambda _: None) as tor:
            return tor.pid

    pid = asyncio.run(scene())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


PARENT = """
import asyncio, sys
from pathlib import Path
from onionchat.tor.find import TorBinary, find_tor
from onionchat.tor.process import TorProcess

async def main():
    async with await TorProcess.start(find_tor(), sys.argv[1], Path(), lambda _: None) as tor:
        print(tor.pid, flush=True)
        await tor.run()

asyncio.run(main())
"""


def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    text = offline_torrc(tmp_path / "t")
    torrc = "".join(line for line in text.splitlines(True) if "Owning" not in line)
    with Child([sys.executable, "-c", PARENT, torrc], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        parent.send_signal(signal.SIGKILL)
    try:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(watch, 0)
        assert ended(watch)
    finally:
        os.close(watch)


def ended(watch: int) -> bool:
    """A pid's descriptor can be read when the process is gone."""
    import select

    return bool(select.select([watch], [], [], 10)[0])
