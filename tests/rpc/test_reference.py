"""docs/rpc.md and docs/openrpc.json say what the verbs and the errors are."""

import re
from pathlib import Path

import msgspec
import pytest

from onionchat.errors import OnionchatError, UserError
from onionchat.rpc.jsonrpc import INVALID_PARAMS, INVALID_REQUEST, NO_METHOD, PARSE_ERROR
from onionchat.rpc.reference import written
from onionchat.rpc.schema import document

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["rpc.md", "openrpc.json"])
def test_what_is_written_from_the_verbs_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == written(DOCS)[DOCS / name], "run `make docs`"


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = document()
    text = msgspec.json.encode(schema).decode()
    for path in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        found = schema
        for part in path.split("/"):
            found = found[part]
        assert found["type"] == "object"


def test_every_error_is_there_with_its_code() -> None:
    page = (DOCS / "rpc.md").read_text()
    rows = re.findall(r"^\| (-\d+) \| ([a-z-]+) \|", page, re.MULTILINE)
    kinds: list[type[OnionchatError]] = [OnionchatError, *UserError.__subclasses__()]
    assert {(int(code), name) for code, name in rows} == {
        (kind("").rpc_code, kind.name) for kind in kinds
    }
    assert f"| {PARSE_ERROR}, {INVALID_REQUEST}, {NO_METHOD}, {INVALID_PARAMS} |" in page
