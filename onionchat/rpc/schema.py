"""The interface as an OpenRPC document (spec.open-rpc.org), made from the table of verbs.

Parameters and results are the verbs' own types, so the document says what the node checks.
What OpenRPC has no word for stands under names with `x-`: which commands work without a
node (`x-offline`), and what `subscribe` tells (`x-notifications`).
"""

from typing import Any

import msgspec

from onionchat import __version__
from onionchat.errors import OnionchatError, UserError
from onionchat.node.notifications import NOTIFICATIONS
from onionchat.node.verbs import VERBS, Verb
from onionchat.rpc.session import Session, Subscribe

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_SUBSCRIBE = Verb(
    "subscribe",
    Subscribe,
    Session.subscribe,  # type: ignore[arg-type]  # of a connection, not of a profile
    offline=False,
    doc=Session.subscribe.__doc__ or "",
)


def document() -> Schema:
    """All methods and notifications, in the order of their names."""
    verbs = sorted([*VERBS.values(), _SUBSCRIBE], key=lambda verb: verb.name)
    told = sorted(NOTIFICATIONS.items())
    types = [*(verb.result for verb in verbs), *(kind for _, kind in told)]
    references, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    results, events = references[: len(verbs)], references[len(verbs) :]
    pairs = zip(verbs, results, strict=True)
    named = zip((name for name, _ in told), events, strict=True)
    return {
        "openrpc": "1.3.2",
        "info": {"title": "onionchat", "version": __version__},
        "methods": [_method(verb, result) for verb, result in pairs],
        "x-notifications": [{"name": name, "params": kind} for name, kind in named],
        "components": {"schemas": _on_one_line(schemas), "errors": _errors()},
    }


def _method(verb: Verb, result: Schema) -> Schema:
    params = _struct(verb.params)
    required = params["required"]
    method = {
        "name": verb.name,
        "summary": " ".join(verb.doc.split()),
        "description": params.get("description", "") if params["properties"] else "",
        "paramStructure": "either",
        "params": [
            {"name": name, "required": name in required, "schema": schema}
            for name, schema in params["properties"].items()
        ],
        "result": {"name": verb.name, "schema": result},
        "x-offline": verb.offline,
    }
    return {key: value for key, value in method.items() if value != ""}


def _struct(kind: type[msgspec.Struct]) -> Schema:
    _, schemas = msgspec.json.schema_components([kind])
    schema: Schema = _on_one_line(schemas)[kind.__name__]
    return schema


def _on_one_line(schemas: Schema) -> Schema:
    """Docstrings are broken where the source needs it."""
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].split())
    return schemas


def _errors() -> Schema:
    kinds: list[type[OnionchatError]] = [OnionchatError, *UserError.__subclasses__()]
    return {kind.name: {"code": kind("").rpc_code, "message": kind.name} for kind in kinds}
