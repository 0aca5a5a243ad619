"""Python files as the house rules see them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "common" / "medssl"
GENERATED = {"__pycache__", "eval", "medssl.egg-info"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the repository's root, and its text."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_ours(self) -> bool:
        return self.path.parts[0] == "common"

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def methods(self) -> set[Function]:
        classes = (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))
        return {node for owner in classes for node in owner.body if isinstance(node, Function)}

    @property
    def public(self) -> Iterator[Documented]:
        return (n for n in self.tree.body if isinstance(n, Documented) and not n.name.startswith("_"))


def code_length(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def written_files(*folders: str, pattern: str = "*") -> list[Path]:
    """Files below folders of the repository that somebody wrote, from the repository's root."""
    found = (path.relative_to(ROOT) for folder in folders for path in sorted((ROOT / folder).rglob(pattern)))
    return [path for path in found if (ROOT / path).is_file() and not GENERATED.intersection(path.parts)]


def python_sources(*folders: str) -> list[Source]:
    return [Source(path, (ROOT / path).read_text()) for path in written_files(*folders, pattern="*.py")]
