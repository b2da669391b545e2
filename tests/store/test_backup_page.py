"""docs/backup.md names every field of a backup, and no other."""

import re
from pathlib import Path

import msgspec

from onionchat.store import backup_content

PAGE = (Path(__file__).parents[2] / "docs" / "backup.md").read_text()


def test_every_field_is_there_in_its_order() -> None:
    rows = re.findall(r"^\| ([a-z]+) \| (`.*) \|$", PAGE, re.MULTILINE)
    written = {name: re.findall(r"`([a-z_]+)`", fields) for name, fields in rows}
    kinds = [
        kind
        for kind in vars(backup_content).values()
        if isinstance(kind, type)
        and issubclass(kind, msgspec.Struct)
        and kind is not msgspec.Struct
    ]
    assert written == {kind.__name__.lower(): list(kind.__struct_fields__) for kind in kinds}
