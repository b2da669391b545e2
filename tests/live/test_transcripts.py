"""What two people type and see, on the private Tor network: tests/transcripts/live."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from onionchat.tor.testnet import Info
from tests.transcript import Transcript

pytestmark = pytest.mark.live

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts" / "live"


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, network: Info, tmp_path_factory: pytest.TempPathFactory) -> None:
    with ExitStack() as stack:
        people = Transcript(tmp_path_factory.mktemp("t"), stack, TORRC=str(network.client_torrc))
        people.run(path)
