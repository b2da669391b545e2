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
