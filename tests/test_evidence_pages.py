"""Every table of results is what its command makes of the rows in the repository."""

import pytest

from tests import evidence_pages
from tests.evidence_pages import COMMAND, PAGES, TABLE, renewed
from tests.sources import ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_are_those_of_the_command_above_them(page):
    text = page.read_text()
    assert renewed(text) == text, "renew them with python -m tests.evidence_pages"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_has_a_table(page):
    text = page.read_text()
    assert all(TABLE.search(part) for part in COMMAND.split(text)[2::2])


def test_a_changed_number_is_noticed():
    text = next(page.read_text() for page in PAGES)
    table = TABLE.search(text, COMMAND.search(text).end())
    spoilt = f"{text[: table.start()]}| 0.123 |\n{text[table.end() :]}"
    assert renewed(spoilt) != spoilt


def test_a_heading_ends_what_is_the_commands(monkeypatch):
    monkeypatch.setattr(evidence_pages, "tables", lambda command: [f"| {command} {number} |\n" for number in (1, 2)])
    text = "From `python -m medssl report {}`:\n\n| {} |\n\n### Other\n\n| kept |\n\n"
    old = "| kept |\n\n" + text.format("a.csv", "old") + text.format("b.csv", "old")
    assert renewed(old) == "| kept |\n\n" + text.format("a.csv", "a.csv 1") + text.format("b.csv", "b.csv 1")
