"""Tables of pages below "From" and the command that makes them; ``python -m tests.evidence_pages`` renews them."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise

from medssl.study import report_runs
from tests.sources import ROOT

COMMAND = re.compile(r"^From `python -m medssl report (.+?)`", re.MULTILINE)
HEADING = re.compile(r"^#", re.MULTILINE)
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
WRITTEN = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("bundles/*/docs/*.md")]
PAGES = [page for page in WRITTEN if COMMAND.search(page.read_text())]


def tables(command: str) -> list[str]:
    """Tables that a report has, given what follows ``report`` on its command line."""
    given = iter(shlex.split(command))
    files: list[str] = []
    words: dict[str, str] = {}
    for part in given:
        if part.startswith("--"):
            words[part[2:]] = next(given)
        else:
            files.append(part)
    chosen = {word: words[word] for word in ("baseline", "count") if word in words}
    columns = re.findall(r"[^\[\]',]+", words.get("columns", ""))
    found = report_runs([ROOT / file for file in files], columns=columns, **chosen).text("markdown")
    return TABLE.findall(f"{found}\n")


def renewed(text: str) -> str:
    """A page whose tables below each command, up to the next heading, are that command's first ones."""
    starts = [found.start() for found in COMMAND.finditer(text)]
    ends = [found.start() for found in HEADING.finditer(text)]
    cuts = sorted({0, *starts, *ends, len(text)})
    parts = [text[start:end] for start, end in pairwise(cuts)]
    return "".join(renewed_part(part) for part in parts)


def renewed_part(part: str) -> str:
    """A part of a page that begins with a command, with its tables; any other part as it is."""
    command = COMMAND.match(part)
    fresh: Iterator[str] = iter(tables(command.group(1)) if command else [])
    return TABLE.sub(lambda old: next(fresh, old.group()), part)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(renewed(page.read_text()))
