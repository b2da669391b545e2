"""Every file in tests/transcripts, as tests/transcript.py says."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.transcript import Transcript

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"


@pytest.mark.timeout(300)  # a passphrase costs a second of a free machine, and one has dozens
@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with ExitStack() as stack:
        Transcript(tmp_path_factory.mktemp("t"), stack).run(path)
