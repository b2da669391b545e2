"""`python -m onionchat.rpc.reference DOCS` writes what the documentation says of the verbs.

    DOCS/openrpc.json   the schema, whole
    DOCS/rpc.md         the tables between the marks; what stands around them is by hand

A test compares both with what this writes, so neither can fall behind the program.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from onionchat.rpc.schema import Schema, document

_MARKED = re.compile(r"(<!-- (\w+): written by `make docs` -->\n).*?(<!-- end -->\n)", re.DOTALL)


def written(docs: Path) -> dict[Path, str]:
    """The files as they should be; what is by hand is taken from the page as it is."""
    schema = document()
    page = docs / "rpc.md"
    made = {
        "methods": _table("method | parameters | result | what it does", _methods(schema)),
        "results": _table("result | keys | remarks", _results(schema)),
        "notifications": _table("notification | parameters | remarks", _notifications(schema)),
    }
    return {
        docs / "openrpc.json": json.dumps(schema, indent=2) + "\n",
        page: _MARKED.sub(lambda mark: mark[1] + made[mark[2]] + mark[3], page.read_text()),
    }


def _methods(schema: Schema) -> Iterable[list[str]]:
    for method in schema["methods"]:
        offline = " *offline*" if method["x-offline"] else ""
        says = " ".join(filter(None, (method["summary"], method.get("description"))))
        params = ", ".join(_parameter(param) for param in method["params"])
        yield [f"`{method['name']}`{offline}", params, _kind(method["result"]["schema"]), says]


def _parameter(param: dict[str, Any]) -> str:
    kind = _kind(param["schema"])
    if not param["required"]:
        kind = f"{kind.removesuffix(' or null')} = {json.dumps(param['schema']['default'])}"
    return f"`{param['name']}` {kind}"


def _results(schema: Schema) -> Iterable[list[str]]:
    told = {_name(notification["params"]) for notification in schema["x-notifications"]}
    for name, struct in sorted(schema["components"]["schemas"].items()):
        if name not in told:
            yield [name, _keys(struct), struct.get("description", "")]


def _notifications(schema: Schema) -> Iterable[list[str]]:
    for notification in schema["x-notifications"]:
        struct = schema["components"]["schemas"][_name(notification["params"])]
        yield [f"`{notification['name']}`", _keys(struct), struct.get("description", "")]


def _keys(struct: Schema) -> str:
    """Names and types; what may be absent stands in brackets."""
    keys = {name: f"`{name}` {_kind(schema)}" for name, schema in struct["properties"].items()}
    return ", ".join(
        text if name in struct["required"] else f"[{text}]" for name, text in keys.items()
    )


def _kind(schema: Schema) -> str:
    """A type in words."""
    match schema:
        case {"anyOf": kinds}:
            return " or ".join(map(_kind, kinds))
        case {"enum": values}:
            return " or ".join(f'"{value}"' for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"$ref": _}:
            return _name(schema)
        case {"contentEncoding": encoding}:
            return str(encoding)
        case {"type": "integer", "minimum": least}:
            return f"integer from {least}"
    return str(schema["type"])


def _name(reference: Schema) -> str:
    return str(reference["$ref"].rpartition("/")[2])


def _table(head: str, rows: Iterable[list[str]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|---" * columns + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for file, text in written(Path(sys.argv[1])).items():
        file.write_text(text)
