"""The private network from outside: its end is complete, however it comes.

What the command line tells of it is in tests/transcripts/network.
"""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onionchat.errors import RefusedError
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, run_foreground, start_detached, stop
from tests.child import Child

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

FOREGROUND = """
import sys
from pathlib import Path
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import run_foreground
run_foreground(Path(sys.argv[1]), find_tor(), lambda info: print("ready", flush=True))
"""


def tors_of(directory: Path) -> list[int]:
    """tors that were started in this directory, or below it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words, place = (entry / "cmdline").read_bytes(), (entry / "cwd").readlink()
        except OSError:
            continue
        if place.is_relative_to(directory) and b"--defaults-torrc" in words:
            found.append(int(entry.name))
    return found


def test_nothing_outlives_a_keeper_that_is_killed(tmp_path: Path, network: Info) -> None:
    """Beside the session's own network: two run side by side."""
    with Child(
        [sys.executable, "-c", FOREGROUND, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "ready\n"
        tors = [os.pidfd_open(pid) for pid in tors_of(tmp_path)]
        assert len(tors) == 6
        keeper.send_signal(signal.SIGKILL)
    for tor in tors:
        assert select.select([tor], [], [], 10)[0], "a tor has outlived its keeper"
        os.close(tor)
    assert len(tors_of(network.dir)) == 6, "the other network does not care"


def test_a_second_network_in_one_directory_is_refused(network: Info) -> None:
    with pytest.raises(RefusedError, match="already"):
        run_foreground(network.dir, find_tor(), lambda _: None)
    with pytest.raises(RefusedError, match="already"):
        start_detached(network.dir, find_tor())


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    assert stop(tmp_path) is False
    (tmp_path / "lock").write_text("1\n")
    assert stop(tmp_path) is False
