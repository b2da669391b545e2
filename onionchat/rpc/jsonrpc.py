"""JSON-RPC 2.0, one object a line: what comes in, what goes out. Pure.

A request that cannot be understood gets an answer that says why, as the specification
wants (jsonrpc.org/specification, 5.1). Errors of ours keep their name and hint in `data`,
and their code is -32010 minus the command line's exit code, so that a script learns the
same from both faces. A line is at most 1 MiB; nothing longer is ever waited for. A batch
(section 6) is refused with a sentence: a line holds one request, and many may be sent.
"""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from onionchat.errors import OnionchatError

LINE_LIMIT = 1 << 20
"""Bytes of one line with its newline."""

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602

Id: TypeAlias = str | int | float | None


class Call(msgspec.Struct, frozen=True):
    """A request (`id` is set) or a notification (it is not)."""

    jsonrpc: str
    method: str
    params: dict[str, Any] | list[Any] | None = None
    id: Id | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Invalid:
    """A line that is no call: the answer it gets."""

    code: int
    message: str
    id: Id = None


def parse(line: bytes) -> Call | Invalid:
    """One line, whatever its bytes are."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Invalid(PARSE_ERROR, "this is not JSON")
    except RecursionError:
        return Invalid(PARSE_ERROR, "this is nested too deeply")
    if isinstance(value, list):
        return Invalid(INVALID_REQUEST, "batches are not supported: send one request on each line")
    if not isinstance(value, dict):
        return Invalid(INVALID_REQUEST, "a request is one JSON object on one line")
    try:
        call = msgspec.convert(value, Call)
    except msgspec.ValidationError as error:
        return Invalid(INVALID_REQUEST, f"not a request: {error}", _id_in(value))
    if call.jsonrpc != "2.0":
        return Invalid(INVALID_REQUEST, 'a request has "jsonrpc": "2.0"', _id_in(value))
    return call


def by_name(params: dict[str, Any] | list[Any] | None, kind: type[msgspec.Struct]) -> Any:
    """The verb's parameters, by name or in their order; ValidationError."""
    if isinstance(params, list):
        names = kind.__struct_fields__
        if len(params) > len(names):
            raise msgspec.ValidationError(f"at most {len(names)} parameters")
        params = dict(zip(names, params, strict=False))
    return msgspec.convert(params or {}, kind)


def result(number: Id, value: Any) -> bytes:
    return _line({"jsonrpc": "2.0", "id": number, "result": value})


def error(number: Id, failed: OnionchatError) -> bytes:
    """An error of ours, with its name and hint."""
    data = {"error": failed.name, "hint": failed.hint}
    return _error(number, failed.rpc_code, failed.message, data)


def refusal(invalid: Invalid) -> bytes:
    """The protocol's own errors, in the same dress: to a script they are usage errors."""
    hint = "see docs/rpc.md for the methods and their parameters"
    return _error(invalid.id, invalid.code, invalid.message, {"error": "usage", "hint": hint})


def notification(method: str, params: dict[str, Any]) -> bytes:
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def _error(number: Id, code: int, message: str, data: dict[str, str]) -> bytes:
    told = {"code": code, "message": message, "data": data}
    return _line({"jsonrpc": "2.0", "id": number, "error": told})


def _line(value: dict[str, Any]) -> bytes:
    """ASCII alone, so that no reader's idea of a line or an encoding can split it."""
    return json.dumps(msgspec.to_builtins(value)).encode() + b"\n"


def _id_in(value: dict[str, Any]) -> Id:
    number = value.get("id")
    allowed = isinstance(number, str | int | float) and not isinstance(number, bool)
    return number if allowed else None
