"""A control port that plays a script: for what a real tor does too rarely or too slowly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.tor.address import UnixAddress

ID = "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"

ANSWERS = {
    "PROTOCOLINFO": "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK",
    "GETINFO version": "250-version=0.4.9.11\r\n250 OK",
    "GETINFO status/bootstrap-phase": (
        '250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"\r\n250 OK'
    ),
    "GETINFO status/circuit-established": "250-status/circuit-established=1\r\n250 OK",
    "GETINFO status/version/current": "250-status/version/current=recommended\r\n250 OK",
    "ADD_ONION": f"250-ServiceID={ID}\r\n250 OK",
}


class ScriptedTor:
    """Answers the longest known beginning of a line, everything else with `250 OK`."""

    def __init__(self, directory: Path) -> None:
        self.address = UnixAddress(directory / "control")
        self.socks = UnixAddress(directory / "socks")
        self.answers = dict(ANSWERS)
        self.asked: list[str] = []
        self.stopped = False
        self._writers: list[asyncio.StreamWriter] = []
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedTor"]:
        server = await asyncio.start_unix_server(self._serve, self.address.path)
        socks = await asyncio.start_unix_server(lambda _, writer: writer.close(), self.socks.path)
        try:
            yield self
        finally:
            server.close()
            socks.close()
            self.drop()
            await server.wait_closed()
            for address in (self.address, self.socks):
                address.path.unlink(missing_ok=True)

    def tell(self, *events: str) -> None:
        """To every connection."""
        for event in events:
            self.say(f"650 {event}")

    def say(self, line: str) -> None:
        for writer in self._writers:
            writer.write(f"{line}\r\n".encode())

    def drop(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def until_asked(self, beginning: str, times: int = 1) -> None:
        while sum(line.startswith(beginning) for line in self.asked) < times:
            self._moved.clear()
            await self._moved.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        while line := (await reader.readline()).decode().strip():
            self.asked.append(line)
            self._moved.set()
            if not self.stopped:
                writer.write(self._answer(line).encode() + b"\r\n")
        writer.close()

    def _answer(self, line: str) -> str:
        known = [beginning for beginning in self.answers if line.startswith(beginning)]
        return self.answers[max(known, key=len)] if known else "250 OK"
