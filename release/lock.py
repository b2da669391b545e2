"""requirements/*.txt as values: what is locked, with which hashes, and who wants it."""

import re
from dataclasses import dataclass
from pathlib import Path

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_WANTED = re.compile(r"^ +# +(?:via +)?(?!via$|-c )(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Locked:
    """One package; `wanted_by` are names of packages, or the project's own."""

    name: str
    version: str
    hashes: tuple[str, ...]
    wanted_by: tuple[str, ...]


def locked(file: Path) -> list[Locked]:
    """Everything in one lock file, in its order."""
    text = file.read_text()
    found = list(_PINNED.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [
        Locked(
            name=re.sub(r"[-_.]+", "-", match[1]).lower(),
            version=match[2],
            hashes=tuple(_HASH.findall(text, match.end(), end)),
            wanted_by=tuple(_WANTED.findall(text, match.end(), end)),
        )
        for match, end in zip(found, ends, strict=True)
    ]
