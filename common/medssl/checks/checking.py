"""A look at a run before it starts: its words, its configs, the code that they would run, its device and its files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medssl.checks.configs import Settings, config_items, read_settings, runnable_configs
from medssl.checks.foreign_code import foreign_code, foreign_files
from medssl.checks.headers import bad_cases, headers_of
from medssl.checks.needs import innermost, unmet_needs
from medssl.checks.references import broken_references, unread_words
from medssl.checks.targets import target_misfits
from medssl.checks.words import empty_lists, unknown_words, wrong_kinds
from medssl.data import split_cases
from medssl.data.files import first_file

__all__ = ["Findings", "check_bundle"]

SHOWN = 5


@dataclass
class Findings:
    """What a look at a bundle has found.

    Args:
        problems: what would stop a run, or make it another one than was meant.
        code: what a config would run that is not of MONAI, torch, ignite or this package.
        notes: what was looked at.
    """

    problems: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = {"": self.notes, "code this config would run": self.code, "problems": self.problems}
        lines = []
        for title, rows in parts.items():
            lines += [f"{title}:"] * bool(title and rows) + [f"  {row}" for row in rows]
        count = len(self.problems)
        return "\n".join([*lines, f"{count} problem{'s' * (count != 1)} found." if count else "no problem found."])


def check_bundle(
    folder: Path | str, names: Sequence[str] = (), *, words: Mapping[str, Any] | None = None, trust: bool = False
) -> Findings:
    """Look at a run without building a network or reading a voxel.

    Where a config would run other code than that of the known packages, nothing of it is evaluated: its device, its
    weights and its files are looked at only with ``trust``.

    Args:
        folder: the bundle.
        names: config files, in their order; none looks at every config that runs alone, and at no images.
        words: overrides by id, as behind ``--`` on a command line.
        trust: whether to evaluate expressions although the config would run other code.
    """
    found = Findings()
    for run in [list(names)] if names else [[name] for name in runnable_configs(Path(folder))]:
        try:
            settings = read_settings(Path(folder), run, words=words)
        except ValueError as error:
            found.problems.append(str(error))
            continue
        found.notes.append(f"{' + '.join(run)}: words, references and parts looked at.")
        _look_at(settings, found, named=bool(names), trust=trust)
    files = foreign_files(Path(folder))
    found.code += [f"{file}: a program inside the bundle" for file in files[:SHOWN]]
    found.code += [f"and {len(files) - SHOWN} more programs"] * (len(files) > SHOWN)
    found.code, found.problems = list(dict.fromkeys(found.code)), list(dict.fromkeys(found.problems))
    return found


def _look_at(settings: Settings, found: Findings, *, named: bool, trust: bool) -> None:
    if "run" not in settings.files:
        found.problems.append("these configs do not run alone; name one that does before them, such as pretrain.")
        return
    code = foreign_code(settings.merged)
    found.code += [str(piece) for piece in code]
    evaluate = trust or not code
    found.problems += [*unknown_words(settings), *wrong_kinds(settings, evaluate=evaluate), *empty_lists(settings)]
    found.problems += [*unread_words(settings), *broken_references(settings.merged)]
    found.problems += _misfits(settings.merged, {piece.place for piece in code})
    if evaluate and named:
        said = _words_in(" ".join(found.problems))
        found.problems += [need for need in unmet_needs(settings) if not _words_in(need) or _words_in(need) - said]
        _look_at_cases(settings, found)
    elif named:
        found.notes.append("device, weights and images were not looked at: that runs this code; say --trust True.")


def _words_in(text: str) -> set[str]:
    return set(re.findall(r"--[\w#]+", text))


def _misfits(config: Mapping[str, Any], foreign: set[str]) -> Iterator[str]:
    for id_, value in config_items(dict(config)):
        target = value.get("_target_") if isinstance(value, Mapping) else None
        if isinstance(target, str) and target[:1] not in {"$", "@"} and f"{id_}#_target_".lstrip("#") not in foreign:
            yield from (f"{id_}: {problem}" for problem in target_misfits(value))


def _look_at_cases(settings: Settings, found: Findings) -> None:
    cases = settings.merged.get("cases")
    target = cases.get("_target_", "") if isinstance(cases, Mapping) else ""
    if cases is None or str(target).startswith("medssl.samples."):
        found.notes.append("the images are samples, made when the run starts.")
        return
    try:
        listed = settings.parser().get_parsed_content("cases")
        bad = bad_cases(listed, headers_of([case["image"] for case in listed]))
    except Exception as error:  # readers raise all sorts
        found.problems.append(f"images: {innermost(error)}")
        return
    patients = len({case.get("patient") for case in listed})
    found.notes.append(f"{len(listed)} images of {patients} patients, headers read.")
    if bad:
        names = [Path(first_file(listed[number]["image"])).name for number in bad]
        shown = [f"\n    {name}: {problem}" for name, problem in zip(names[:SHOWN], bad.values(), strict=False)]
        more = f"\n    and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        found.problems.append(f"{len(bad)} of {len(listed)} images cannot be used:{''.join(shown)}{more}")
    part = settings.merged.get("split")
    if isinstance(part, Mapping) and part.get("_target_") == "medssl.data.split_cases":
        _look_at_split(settings, listed, found=found)


def _look_at_split(settings: Settings, cases: Sequence[dict[str, Any]], *, found: Findings) -> None:
    parser = settings.parser()
    words = {word: parser.get_parsed_content(word) for word in ("val_fraction", "seed", "fold") if word in parser}
    try:
        parts = split_cases(cases, **words)
    except (ValueError, TypeError) as error:
        found.problems.append(str(error))
        return
    found.notes.append(f"{len(parts['train'])} of them train, {len(parts['val'])} validate.")
