"""What `demo` and `testnet` tell, in tests/transcripts/network, and that nothing of it stays."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.transcript import Transcript

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts" / "network"


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_step_is_told_and_nothing_stays(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("d")
    with ExitStack() as stack:
        Transcript(home, stack, {"TMPDIR": str(home)}).run(path)
    assert list(home.iterdir()) == []
    assert processes_in(home) == []


def processes_in(home: Path) -> list[str]:
    """Command lines of those that name it, or were started in it."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line, place = (process / "cmdline").read_text(), (process / "cwd").readlink()
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
        if str(home) in line or place.is_relative_to(home):
            lines.append(line)
    return lines
