"""What the pages tell a person to type can be typed, and what they point to is there."""

import os
import re
from pathlib import Path

import pytest
from click.exceptions import BadOptionUsage, MissingParameter, NoArgsIsHelpError

from onionchat.errors import UsageError
from tests.cli.test_help import parse, settle, typed

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = sorted((ROOT / "onionchat").rglob("*.py"))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
TO_TYPE = re.compile(r"^#? {3,8}(?:\d\. )?(?:.*\| )?(onionchat [-a-z].*)", re.MULTILINE)
NAMED = re.compile(r"`(onionchat [-a-z][^`\n]*)`")


def found(pattern: re.Pattern[str], *pages: Path) -> list[str]:
    return sorted({line for page in pages for line in pattern.findall(page.read_text())})


@pytest.mark.parametrize("line", found(TO_TYPE, *PAGES, ROOT / "torrc.example"))
def test_a_line_to_copy_can_be_typed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(tmp_path, monkeypatch, line)
    assert parse(typed(re.sub(r'"\$\([^)]*\)"', "ADDRESS", line)))


@pytest.mark.parametrize("line", found(NAMED, *PAGES, *SOURCES))
def test_a_command_that_is_named_is_one(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In prose and in hints, where what it is about may be left out."""
    settle(tmp_path, monkeypatch, line)
    try:
        parse(typed(line))
    except (MissingParameter, NoArgsIsHelpError, BadOptionUsage):
        return
    except UsageError as error:
        assert "there is no file" in error.message  # noqa: PT017 - only FILE and the like


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    gone = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert gone == []


def test_the_first_page_leads_to_every_other_one_once() -> None:
    links = LINK.findall((ROOT / "README.md").read_text().partition("## How it is built")[2])
    assert len(links) == len(set(links))
    others = {os.path.relpath(page, ROOT) for page in PAGES[1:]}
    others = {page for page in others if not page.startswith("docs/decisions/")}
    assert others | {"docs/decisions/"} <= set(links)
