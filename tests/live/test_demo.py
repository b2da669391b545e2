"""The demo tells what it is said to tell, as text and for scripts, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

STEPS = [
    *("network", "network", "init", "init", "up", "up", "request", "request", "request"),
    *("message", "message", "killed", "queued", "up", "message", "message"),
    *("history", "history", "done"),
]


def test_every_step_is_told_and_nothing_stays(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("d")
    environ = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "onionchat", "--json", "demo"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["step"] for row in rows] == STEPS
    assert all(set(row) == {"step", "detail"} and row["detail"] for row in rows)
    assert list(home.iterdir()) == []
    assert processes_with(str(home)) == []


def processes_with(word: str) -> list[str]:
    """Command lines that name it."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_text())
        except OSError:  # it has ended meanwhile
            continue
    return [line for line in lines if word in line]
