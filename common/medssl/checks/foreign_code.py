"""Which code a config would run that is not of MONAI, torch, ignite or this package."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from monai.bundle import ReferenceResolver
from monai.bundle.config_item import ComponentLocator, ConfigComponent

from medssl.checks.configs import config_items

__all__ = ["ForeignCode", "foreign_code", "foreign_files"]

OURS = {"monai", "torch", "ignite", "medssl", "numpy", "operator", "_operator"}
KNOWN = {"monai": "monai", "torch": "torch", "np": "numpy", "numpy": "numpy"}  # names that MONAI gives to expressions
PLAIN = {
    "abs", "all", "any", "bool", "dict", "enumerate", "filter", "float", "frozenset", "int", "isinstance", "len",
    "list", "map", "max", "min", "range", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "zip",
}  # fmt: skip
PLAIN_OS = re.compile(
    r"os$|os\.(environ|sep|cpu_count|path\.(abspath|basename|dirname|exists|isdir|isfile|join|splitext))(\.|$)"
)
# Parts of those packages that import, fetch, unpickle or run whatever they are told to.
LOADERS = (
    "medssl.checks.", "medssl.release.", "medssl.study.", "monai.apps.", "monai.bundle.", "monai.utils.instantiate.",
    "monai.utils.module.", "monai.utils.optional_import.", "numpy.ctypeslib.", "numpy.f2py.", "numpy.load.",
    "numpy.testing.", "operator.attrgetter.", "operator.methodcaller.", "torch.classes.", "torch.distributed.elastic.",
    "torch.distributed.launch.", "torch.distributed.run.", "torch.fx.", "torch.hub.", "torch.jit.load.", "torch.load.",
    "torch.ops.", "torch.package.", "torch.serialization.", "torch.utils.cpp_extension.",
)  # fmt: skip
PROGRAMS = {".py", ".pyc", ".pyd", ".so", ".sh"}
HIDDEN = re.compile(r"_|f_(globals|builtins|locals)$|(gi|cr|ag|tb)_frame$")
BY_NAME = {"reader", "writer"}  # MONAI imports what these words name
LOCATOR = ComponentLocator()
REFERENCE = "reference_to_another_part"


@dataclass(frozen=True)
class ForeignCode:
    """One piece of code that a config would run.

    Args:
        place: id in the config.
        text: what stands there.
        reason: why it is listed.
    """

    place: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text} ({self.reason})"


def foreign_code(config: Mapping[str, Any]) -> list[ForeignCode]:
    """List every ``_target_`` and expression that reaches outside MONAI, torch, ignite and this package.

    NumPy, ``operator``, plain built-ins and the harmless half of ``os`` count as known. Nothing of the config is run;
    packages that are known are imported to see what a name stands for. This is a list to read, no fence: who wants to
    hide code can.

    Args:
        config: of one run, macros resolved.
    """
    config = dict(config)
    texts = [(id_, value) for id_, value in config_items(config) if isinstance(value, str)]
    modules = KNOWN | {name: module for _, text in texts for name, module in _imports(text).items()}
    found = []
    for id_, text in texts:
        key = id_.rpartition("#")[2]
        if text.startswith("$"):
            reasons = [reason for reason in _reasons(text[1:], modules) if reason]
        elif key == "_target_" and not text.startswith("@"):
            reasons = [_outside(ConfigComponent({"_target_": text}, locator=LOCATOR).resolve_module_name())]
        else:
            reasons = [_outside(text)] if key in BY_NAME and "." in text else []
        found += [ForeignCode(id_, text, "; ".join(dict.fromkeys(reasons)))] if any(reasons) else []
    return found


def foreign_files(folder: Path) -> list[Path]:
    """Programs inside a bundle, but for files that this package has with the same bytes; folders of compiled ones.

    Args:
        folder: the bundle.
    """
    package = Path(__file__).resolve().parents[1]
    programs = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.suffix in PROGRAMS]
    others = [path for path in programs if not _is_ours(path, folder=folder, package=package)]
    return list(dict.fromkeys(path.parent if path.parent.name == "__pycache__" else path for path in others))


def _is_ours(path: Path, *, folder: Path, package: Path) -> bool:
    own = package.parent / path
    return path.parts[0] == package.name and own.is_file() and own.read_bytes() == (folder / path).read_bytes()


def _imports(text: str) -> dict[str, str]:
    """Names that an expression such as ``$import operator`` gives to modules."""
    if not text.startswith("$") or "import" not in text:
        return {}
    try:
        nodes = ast.parse(text[1:]).body
    except SyntaxError:
        return {}
    names: dict[str, str] = {}
    for node in nodes:
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            names[alias.asname or alias.name] = prefix + alias.name
    return names


def _reasons(code: str, modules: Mapping[str, str]) -> Iterator[str]:
    code = ReferenceResolver.id_matcher.sub(REFERENCE, ReferenceResolver.normalize_id(code)).strip()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        yield "cannot be understood"
        return
    yield from (_outside(path) for path in _imports(f"${code}").values())
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)} | {REFERENCE}
    bound -= vars(builtins).keys()  # a name bound in one place is still the built-in in another
    for node in nodes:
        if isinstance(node, ast.Attribute) and HIDDEN.match(node.attr):
            yield f"reaches for {node.attr}"
        if isinstance(node, ast.Name) and node.id in modules:
            yield _outside(_dotted(node, nodes, module=modules[node.id]))
        elif (
            isinstance(node, ast.Name) and node.id not in PLAIN and (node.id not in bound or hasattr(builtins, node.id))
        ):
            yield f"uses {node.id}"


def _dotted(name: ast.Name, nodes: Sequence[ast.AST], *, module: str) -> str:
    """The whole path, such as ``torch.optim.Adam``, of which a name is the beginning."""
    outer = {id(node.value): node for node in nodes if isinstance(node, ast.Attribute)}
    path, node = module, outer.get(id(name))
    while node is not None:
        path, node = f"{path}.{node.attr}", outer.get(id(node))
    return path


def _outside(path: str) -> str:
    """Why a dotted path is none of the known packages, or is of the parts that run what they are told; else nothing."""
    first, *others = path.split(".")
    if path in PLAIN or PLAIN_OS.match(path):
        return ""
    if first not in OURS:
        return f"{path} is outside MONAI, torch, ignite and medssl"
    if any(HIDDEN.match(name) for name in others):
        return f"{path} is private"
    for name in (path, *_true_names(path)):
        if name.split(".")[0] not in OURS | {"builtins"}:
            return f"{path} is really {name}"
        if f"{name}.".startswith(LOADERS):
            return f"{name} runs or loads what it is told to"
    return ""


def _true_names(path: str) -> Iterator[str]:
    """Where the things along a dotted path come from."""
    root, *names = path.split(".")
    found: Any = import_module(root)
    for number, name in enumerate(names, 1):
        if not hasattr(found, name) and isinstance(found, ModuleType):
            _try_import(".".join([root, *names[:number]]))
        found = getattr(found, name, None)
        if isinstance(found, ModuleType):
            yield found.__name__
            continue
        owner, inner = getattr(found, "__module__", None), getattr(found, "__qualname__", name)
        if isinstance(owner, str):
            yield f"{owner}.{inner}"
        return


def _try_import(path: str) -> None:
    try:
        import_module(path)
    except ImportError:
        return
