"""systemd takes the unit without a word, and what it starts can be typed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from onionchat.errors import (
    DamagedError,
    LockedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from onionchat.paths import Paths
from onionchat.tor.torrc import SOCKS_FLAGS
from tests.cli.test_help import parse

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "packaging" / "systemd"
UNIT = UNITS / "onionchat@.service"
SEALED, TOR = UNITS / "onionchat-sealed@.service", UNITS / "onionchat-tor@.service"
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE = 80
"""Of 100 in systemd's measure, which counts what only a system service can have as open."""
SEALED_EXPOSURE = 10

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def setting(name: str, unit: Path = UNIT) -> str:
    whole = unit.read_text().replace("\\\n", "")
    (value,) = re.findall(rf"^{name}=(.*)$", whole, re.MULTILINE)
    return str(value)


def analyze(tmp_path: Path, *words: str, unit: Path = UNIT) -> subprocess.CompletedProcess[str]:
    """With a home in which the program and its manual are installed."""
    for each in (UNIT, SEALED, TOR):
        shutil.copy(each, tmp_path / each.name.replace("@", "@work"))
    unit = tmp_path / unit.name.replace("@", "@work")
    program = tmp_path / ".local" / "bin" / "onionchat"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    manual = tmp_path / "man" / "man1"
    manual.mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "onionchat.1", manual)
    return subprocess.run(
        [str(ANALYZE), *words, unit],
        env={
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "MANPATH": str(manual.parent),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
@pytest.mark.parametrize("unit", [UNIT, SEALED, TOR], ids=lambda unit: str(unit.stem))
def test_systemd_has_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    done = analyze(tmp_path, "--user", "verify", unit=unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
def test_it_is_as_closed_as_it_was(tmp_path: Path) -> None:
    done = analyze(tmp_path, "security", "--offline=true", f"--threshold={EXPOSURE}")
    assert done.returncode == 0, done.stdout[-200:]


@needs_systemd
def test_the_sealed_one_is_closed(tmp_path: Path) -> None:
    words = ("security", "--offline=true", f"--threshold={SEALED_EXPOSURE}")
    done = analyze(tmp_path, *words, unit=SEALED)
    assert done.returncode == 0, done.stdout[-200:]


def test_the_sealed_one_speaks_to_the_tor_beside_it_and_to_no_other() -> None:
    place = Paths("%i", Path("%h/.local/share/onionchat/%i"), Path("%t/onionchat/%i"))
    _, *words = setting("ExecStart", SEALED).replace("%i", "work").split()
    assert parse(words) == "up"
    tor = setting("ExecStart", TOR)
    assert SOCKS_FLAGS in tor
    for door in (place.tor_control, place.tor_socks):
        assert f"unix:{door}" in tor
        assert f"unix:{door}" in setting("ExecStart", SEALED)
    assert f"--CookieAuthFile {place.tor_cookie} " in tor
    assert f"--DataDirectory {place.tor_data} " in tor


def test_the_command_line_can_be_typed() -> None:
    program, *words = setting("ExecStart").replace("%i", "work").split()
    assert program == "%h/.local/bin/onionchat"
    assert parse(words) == "up"
    assert "--wait-unlock" in words


def test_what_time_may_heal_is_tried_again() -> None:
    hopeless = {int(code) for code in setting("RestartPreventExitStatus").split()}
    kinds = (UsageError, NotFoundError, RefusedError, DamagedError)
    assert hopeless == {kind.exit_code for kind in kinds}
    assert not hopeless & {1, UnreachableError.exit_code, LockedError.exit_code}
