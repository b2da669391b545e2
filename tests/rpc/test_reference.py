"""docs/rpc.md says what the table of verbs and the errors say."""

import json
import re
from pathlib import Path

import msgspec

from onionchat.errors import OnionchatError, UserError
from onionchat.node.verbs import VERBS

PAGE = (Path(__file__).parents[2] / "docs" / "rpc.md").read_text()
ROW = re.compile(r"^\| `([a-z.]+)`( \*offline\*)? \| (.*?) ?\| ", re.MULTILINE)


def written(kind: type[msgspec.Struct]) -> str:
    """A verb's parameters as the page writes them: in order, with their defaults."""
    return ", ".join(
        f"`{field.name}`" + ("" if field.required else f"={json.dumps(field.default)}")
        for field in msgspec.structs.fields(kind)
    )


def test_every_verb_is_there_with_its_parameters() -> None:
    calls = PAGE.split("## Calls")[1].split("## Events")[0]
    said = {name: (params, bool(offline)) for name, offline, params in ROW.findall(calls)}
    assert said == {name: (written(verb.params), verb.offline) for name, verb in VERBS.items()}


def test_every_error_is_there_with_its_code() -> None:
    rows = re.findall(r"^\| (-\d+) \| ([a-z-]+) \|", PAGE, re.MULTILINE)
    kinds: list[type[OnionchatError]] = [OnionchatError, *UserError.__subclasses__()]
    assert {(int(code), name) for code, name in rows} == {
        (kind("").rpc_code, kind.name) for kind in kinds
    }
