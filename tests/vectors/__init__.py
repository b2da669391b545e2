"""Test vectors as JSON: for us, and for whoever writes another implementation.

The form is described in docs/protocol.md 11. `python -m tests.vectors.generate_<name>` writes
a file again; the tests only read.
"""

import json
from pathlib import Path
from typing import Any

_DIRECTORY = Path(__file__).parent


def load(name: str) -> Any:
    """The vectors of `name`.json; bytes are lower-case hex."""
    return json.loads((_DIRECTORY / f"{name}.json").read_text())


def save(name: str, vectors: dict[str, Any]) -> None:
    (_DIRECTORY / f"{name}.json").write_text(json.dumps(vectors, indent=2) + "\n")
