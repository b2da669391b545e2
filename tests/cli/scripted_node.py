"""A node that answers from a list of messages: what `receive` and completion need.

It keeps the rules of the verbs: reading marks nothing, `receive.ack` marks, `since` reads
what came after a cursor whether it is read or not.
"""

from typing import Any, Self


class ScriptedNode:
    """Also its own connection. `events` holds what each wait on a subscription brings."""

    def __init__(self, *texts: str) -> None:
        self.rows: list[dict[str, Any]] = []
        self.read: set[int] = set()
        self.events: list[str | list[str]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.lists: dict[str, list[dict[str, Any]]] = {}
        for text in texts:
            self.arrive(text)

    def arrive(self, text: str, contact: str = "bob") -> None:
        cursor = len(self.rows) + 1
        row = {
            "id": f"{cursor:032x}",
            "kind": "text",
            "contact": contact,
            "address": "a.onion",
            "conversation": "1",
            "text": text,
            "seq": cursor,
            "missing": None,
            "late": False,
            "sent_at": "2026-11-23T12:00:00.000Z",
            "received_at": "2026-11-23T12:00:01.000Z",
            "cursor": cursor,
        }
        self.rows.append(row)

    def call(self, method: str, **params: Any) -> Any:
        self.calls.append((method, params))
        match method:
            case "subscribe":
                return {"cursor": len(self.rows) if params["since"] is None else params["since"]}
            case "receive.ack":
                self.read |= set(params["cursors"])
                return {"marked": len(params["cursors"])}
            case "receive":
                return self._receive(params)
            case _ if method in self.lists:
                return self.lists[method]
        raise AssertionError(method)

    def _receive(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        since = params["since"]
        rows = [
            row
            for row in self.rows
            if (row["cursor"] not in self.read if since is None else row["cursor"] > since)
            and params["name"] in {None, row["contact"]}
        ]
        return rows[: params["limit"]]

    def notification(self, timeout: float | None) -> dict[str, Any]:
        """The next event; the messages it stands for arrive with it. Ctrl-C after the last."""
        if not self.events:
            if timeout is not None:
                raise TimeoutError
            raise KeyboardInterrupt
        event = self.events.pop(0)
        if isinstance(event, str):
            return {"method": event}
        for text in event:
            self.arrive(text)
        return {"method": "message.received"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
