"""One figure of `make load` beside the bar that it must stay below."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """`note`: what was measured besides, for orientation."""

    name: str
    value: float
    unit: str
    limit: float
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        value = f"{self.value:,.2f} {self.unit} (bar {self.limit:,g})"
        verdict = "ok" if self.kept else "MISSED"
        return f"{self.name}: {value}: {verdict}{f'; {self.note}' if self.note else ''}"
