"""Lines in, lines out: whatever comes in is answered, and errors keep their name."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.errors import OnionchatError, UserError, rebuild
from onionchat.rpc import jsonrpc
from onionchat.rpc.jsonrpc import Call, Invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ALMOST = st.fixed_dictionaries(
    {}, optional={"jsonrpc": st.just("2.0") | JSON, "id": JSON, "method": JSON, "params": JSON}
)


class Send(msgspec.Struct, forbid_unknown_fields=True):
    who: str
    text: str
    timeout: float | None = None


def is_answered(line: bytes) -> None:
    """By a response on one line of strict JSON, whether the line was a request or not."""
    parsed = jsonrpc.parse(line)
    if isinstance(parsed, Invalid):
        answer = jsonrpc.refusal(parsed)
    else:
        answer = jsonrpc.result(None if parsed.id is msgspec.UNSET else parsed.id, "yes")
    assert answer.endswith(b"\n")
    assert answer.count(b"\n") == 1
    response = msgspec.json.decode(answer)
    assert response["jsonrpc"] == "2.0"
    assert response["id"] is None or type(response["id"]) in (str, int, float)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(line: bytes) -> None:
    is_answered(line)


@given(ALMOST | JSON)
def test_anything_like_a_request_is_answered(value: Any) -> None:
    is_answered(json.dumps(value).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 300_000,
        b'{"a":' * 150_000,
        b'{"jsonrpc":"2.0","method":"x","id":' + b"9" * 6_000 + b"}",
        b'{"jsonrpc":"2.0","method":"x","id":1e999}',
        b'{"jsonrpc":"2.0","method":"x","id":"\\ud800"}',
        b"",
    ],
    ids=["lists", "objects", "digits", "infinity", "surrogate", "nothing"],
)
def test_a_line_made_to_break_a_parser_is_refused(line: bytes) -> None:
    parsed = jsonrpc.parse(line)
    assert isinstance(parsed, Invalid)
    assert parsed.code == jsonrpc.PARSE_ERROR
    is_answered(line)


@pytest.mark.parametrize("number", [0, 7, 10**30, 1.5, "seven", "", None])
def test_the_id_comes_back_as_it_was(number: Any) -> None:
    call = jsonrpc.parse(json.dumps({"jsonrpc": "2.0", "id": number, "method": "id"}).encode())
    assert isinstance(call, Call)
    assert call.id is not msgspec.UNSET
    assert json.loads(jsonrpc.result(call.id, {}))["id"] == number


def test_without_an_id_it_is_a_notification() -> None:
    call = jsonrpc.parse(b'{"jsonrpc":"2.0","method":"id"}')
    assert isinstance(call, Call)
    assert call.id is msgspec.UNSET


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b'{"jsonrpc":"1.0","id":3,"method":"id"}', 3),
        (b'{"id":"a","method":"id"}', "a"),
        (b'{"jsonrpc":"2.0","id":3}', 3),
        (b'{"jsonrpc":"2.0","id":3,"method":4}', 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"id","params":"bob"}', 3),
        (b'{"jsonrpc":"2.0","id":true,"method":"id"}', None),
        (b'{"jsonrpc":"2.0","id":[3],"method":"id"}', None),
        (b'[{"jsonrpc":"2.0","id":3,"method":"id"}]', None),
        (b"[]", None),
        (b"7", None),
    ],
)
def test_json_that_is_no_request_is_refused_under_its_own_id(line: bytes, number: Any) -> None:
    parsed = jsonrpc.parse(line)
    assert isinstance(parsed, Invalid)
    assert parsed.code == jsonrpc.INVALID_REQUEST
    assert parsed.id == number
    assert type(parsed.id) is type(number)


def test_parameters_come_by_name_or_in_their_order() -> None:
    named = jsonrpc.by_name({"text": "hello", "who": "bob"}, Send)
    assert named == jsonrpc.by_name(["bob", "hello"], Send) == Send("bob", "hello")
    assert jsonrpc.by_name(["bob", "hello", 2.5], Send).timeout == 2.5


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        [],
        ["bob"],
        ["bob", "hello", None, None],
        {"who": "bob", "text": 7},
        {"who": "bob", "text": "hello", "timeout": "1"},
        {"who": "bob", "text": "hello", "colour": "red"},
    ],
)
def test_parameters_that_do_not_fit_never_reach_a_verb(params: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        jsonrpc.by_name(params, Send)


@pytest.mark.parametrize("kind", UserError.__subclasses__())
def test_an_error_crosses_with_its_name_code_and_hint(kind: type[OnionchatError]) -> None:
    told = json.loads(jsonrpc.error(1, kind("it went wrong", "try this")))["error"]
    assert told["code"] == -32010 - kind.exit_code
    again = rebuild(told["data"]["error"], told["message"], told["data"]["hint"])
    assert type(again) is kind
    assert (again.message, again.hint) == ("it went wrong", "try this")


def test_an_answer_is_one_line_of_ascii() -> None:
    text = "zwei\nZeilen, \u2028 und \u202e"
    for line in (jsonrpc.result(1, text), jsonrpc.notification("message.received", {"a": text})):
        assert line.isascii()
        assert line.index(b"\n") == len(line) - 1
