"""The rules of the house, as far as a machine can read them; each is also shown to be able to fail."""

import ast
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.duplicates import normal_lines, shared_runs
from tests.sources import PACKAGE, ROOT, Source, code_length, python_sources, written_files

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same under this name
    import tomli as tomllib

SOURCES = python_sources("common", "tests")
OURS = [source for source in SOURCES if source.is_ours]
SECTIONS = {"Args", "Shape", "Returns", "Yields", "Raises", "Source", "Attributes", "Example"}
VAGUE = {"util", "utils", "misc", "helper", "helpers", "common", "tools"}
METHODS = {"genesis", "dira", "alice", "moco", "simsiam", "simclr", "byol", "transvw"}
BUNDLES = {path.name for path in (ROOT / "bundles").iterdir() if path.is_dir()}
ELSEWHERE = {"bundles", "contracts", "download", "label", "golden", "benchmarks"}  # folders that mirror nothing
TEXTS = {"", ".py", ".json", ".md", ".txt", ".conf", ".toml", ".yaml", ".cff", ".csv"}
CONFIGS = "".join(path.read_text() for path in (ROOT / "bundles").glob("*/configs/*.json"))
FILLED = {"__init__", *re.findall(r'"_target_": "medssl\.\w+\.(\w+)"', CONFIGS)}  # what a config fills
IMPOSED = {"forward", "__call__"}  # signatures that a framework calls

Rule = Callable[[Source], Iterator[str]]


def short_module(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > 300:
        yield f"{lines} lines, more than 300"


def short_functions(source: Source) -> Iterator[str]:
    lines = source.text.splitlines()
    for function in source.functions:
        first = min([function.lineno, *(node.lineno for node in function.decorator_list)])
        explained = first > 1 and lines[first - 2].lstrip().startswith("#")
        if code_length(function) > 40 and not explained:
            yield f"{function.name} has {code_length(function)} lines, more than 40, and no comment above it says why"


def few_arguments(source: Source) -> Iterator[str]:
    for function in source.functions if source.is_ours else ():
        arguments = function.args
        bound = function in source.methods and not any("static" in ast.dump(node) for node in function.decorator_list)
        positional = len(arguments.posonlyargs) + len(arguments.args) - bound
        limit = 10 if function.name in FILLED else 5
        if positional + len(arguments.kwonlyargs) > limit:
            yield f"{function.name} takes {positional + len(arguments.kwonlyargs)} arguments, more than {limit}"
        if positional > 2 and function.name not in IMPOSED:
            yield f"{function.name} takes {positional} arguments by position; after two, keyword-only"


def described(source: Source) -> Iterator[str]:
    for node in source.public if source.is_ours else ():
        text = ast.get_docstring(node) or ""
        if not text:
            yield f"{node.name} has no docstring"
        for section in re.findall(r"^([A-Z]\w+):$", text, flags=re.MULTILINE):
            if section not in SECTIONS:
                yield f"{node.name} has a section {section!r}, known are {sorted(SECTIONS)}"
        if re.search(r"^    \w+ \([^)]*\): ", text, flags=re.MULTILINE):
            yield f"{node.name} repeats types in its docstring; the signature has them"


def says_what_it_raises(source: Source) -> Iterator[str]:
    for node in source.public if source.is_ours else ():
        own = [n for n in node.body if isinstance(n, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else [node]
        door = [n for n in own if n.name in {node.name, "__init__", "__call__", "forward"}]
        raised = {
            ast.unparse(n.exc.func) for n in _walk(door) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)
        }
        text = "".join(ast.get_docstring(n) or "" for n in [node, *door])
        for name in sorted(raised & {"ValueError", "TypeError"}):
            if f"{name}:" not in text:
                yield f"{node.name} raises {name} and does not say so under Raises"


def no_assert_no_print(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree) if source.is_ours else ():
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno}: assert; raise ValueError or TypeError"
        printing = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        if printing and source.path.name != "__main__.py":
            yield f"line {node.lineno}: print; use the module's logger"


def no_stub(source: Source) -> Iterator[str]:
    for function in source.functions if source.is_ours else ():
        done = [node for node in function.body if not isinstance(node, ast.Pass)]
        abstract = any("abstract" in ast.unparse(node) for node in function.decorator_list)
        if not abstract and all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in done):
            yield f"{function.name} does nothing"


def knows_no_bundle(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree) if source.is_ours else ():
        if isinstance(node, ast.Constant) and node.value in BUNDLES:
            yield f"line {node.lineno}: {node.value!r}; what differs between bundles stands in their configs"


def plainly_named(source: Source) -> Iterator[str]:
    words = {word for part in source.path.with_suffix("").parts[1:] for word in part.lower().split("_")}
    if words & VAGUE:
        yield f"{sorted(words & VAGUE)} says nothing about what the file's parts do"
    if words & METHODS and source.path.parts[1] != "golden":
        yield f"{sorted(words & METHODS)} is a paper's name"


def public_list(source: Source) -> Iterator[str]:
    if not source.is_ours or source.path.name != "__init__.py":
        return
    imported: set[str] = set()
    listed: set[str] | None = None
    for node in source.tree.body[1:]:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and "__all__" in ast.unparse(node):
            listed = set(ast.literal_eval(node.value))
        elif ast.unparse(node).startswith("__version__ ="):
            imported.add("__version__")
        else:
            yield f"line {node.lineno}: {ast.unparse(node)!r} is no import and not __all__"
    if listed != imported - {"annotations"}:
        yield f"__all__ is {listed}, imported are {imported}"


def no_banner(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.match(r"\s*#\s*[-=#*~]{3,}", line):
            yield f"line {number}: a section banner"
        if re.search(r"#\s*type:\s*ignore(\[[\w, -]+\])?\s*$", line):
            yield f"line {number}: type: ignore without a reason behind it"


def proves_something(source: Source) -> Iterator[str]:
    for function in source.functions:
        code = ast.unparse(function)
        if function.name.startswith("test_") and not re.search(r"\bassert|\braises\(|\bwarns\(", code):
            yield f"{function.name} asserts nothing"


def _walk(nodes: list[ast.FunctionDef]) -> Iterator[ast.AST]:
    return (inner for node in nodes for inner in ast.walk(node))


IN_PACKAGE, LONG = "common/medssl/data/thing.py", "\n".join(["    x = 1"] * 40)
BREACHES = [
    pytest.param(short_module, IN_PACKAGE, "\n" * 301, id="module-of-301-lines"),
    pytest.param(short_functions, IN_PACKAGE, f"def f():\n{LONG}", id="function-of-41-lines"),
    pytest.param(few_arguments, IN_PACKAGE, "def f(a, b, *, c, d, e, g): ...", id="six-arguments"),
    pytest.param(few_arguments, IN_PACKAGE, "def f(a, b, c): ...", id="third-by-position"),
    pytest.param(few_arguments, IN_PACKAGE, "class A:\n    def f(self, a, b, c): ...", id="third-of-a-method"),
    pytest.param(described, IN_PACKAGE, "def f(): ...", id="no-docstring"),
    pytest.param(described, IN_PACKAGE, 'def f():\n    """A.\n\n    Note:\n        b\n    """', id="unknown-section"),
    pytest.param(described, IN_PACKAGE, 'def f(a):\n    """A.\n\n    Args:\n        a (int): b\n    """', id="types"),
    pytest.param(says_what_it_raises, IN_PACKAGE, 'def f():\n    """A."""\n    raise ValueError("b")', id="raises"),
    pytest.param(no_assert_no_print, IN_PACKAGE, "print('a')", id="print"),
    pytest.param(no_assert_no_print, IN_PACKAGE, "assert True", id="assert"),
    pytest.param(no_stub, IN_PACKAGE, 'def f():\n    """Save the world."""', id="stub"),
    pytest.param(knows_no_bundle, IN_PACKAGE, f"x = name == {min(BUNDLES)!r}", id="branch-on-a-bundle"),
    pytest.param(plainly_named, "common/medssl/data/path_utils.py", "", id="vague-name"),
    pytest.param(plainly_named, "common/medssl/losses/moco.py", "", id="paper-name"),
    pytest.param(public_list, "common/medssl/data/__init__.py", '"""A."""\nfrom .a import b', id="not-listed"),
    pytest.param(public_list, "common/medssl/data/__init__.py", '"""A."""\n__all__ = []\nx = 1', id="does-more"),
    pytest.param(no_banner, IN_PACKAGE, "# ---- part two", id="banner"),
    pytest.param(proves_something, "tests/data/test_thing.py", "def test_a():\n    run()", id="asserts-nothing"),
    pytest.param(no_banner, IN_PACKAGE, "x = 1  # type: " + "ignore[misc]", id="unexplained-ignore"),
]
RULES = list(dict.fromkeys(breach.values[0] for breach in BREACHES))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sources_keep(rule: Rule):
    complaints = [f"{source.path}: {complaint}" for source in SOURCES for complaint in rule(source)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_rule_notices(rule: Rule, path: str, text: str):
    assert list(rule(Source(Path(path), text)))


def test_functions_are_short_on_the_whole():
    assert statistics.median(code_length(function) for source in OURS for function in source.functions) <= 12


def test_no_near_copies_of_code():
    lines = {str(source.path): normal_lines(source.text) for source in SOURCES}
    copies = shared_runs(lines, length=8, varied=6)
    assert not copies, "\n".join(copies)


def test_a_renamed_copy_is_noticed():
    first = "\n".join(f"left = scale(left, {number}).call_{number}()" for number in range(8))
    second = first.replace("left", "right").replace(", 1", ", 9")
    assert shared_runs({"a": normal_lines(first), "b": normal_lines(second)}, length=8, varied=6) == ["a:1 = b:1"]


def test_layers_are_those_of_the_page():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [re.findall(r"medssl\.(\w+)", layer) for layer in settings["contracts"][0]["layers"]]
    block = re.search(r"```text\n(__main__\n.*?)```", (ROOT / "docs" / "house.md").read_text(), flags=re.DOTALL)
    assert layers == [line.split() for line in block[1].splitlines()]


def test_every_folder_has_its_layer():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = re.findall(r"medssl\.(\w+)", " ".join(settings["contracts"][0]["layers"]))
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} <= set(layers)


def test_tests_mirror_modules():
    modules = {source.path.relative_to("common/medssl") for source in OURS if not source.path.name.startswith("__")}
    tested = (s.path.relative_to("tests") for s in SOURCES if not s.is_ours and s.path.name.startswith("test_"))
    mirrored = {path.with_name(path.name[5:]) for path in tested if path.parts[0] not in {*ELSEWHERE, path.name}}
    alone = sorted(map(str, mirrored ^ modules))
    assert not alone, "module without tests, or tests without module:\n" + "\n".join(alone)


def test_bundles_hold_no_python():
    assert [str(path) for path in written_files("bundles") if path.suffix in {".py", ".pyc", ".ipynb"}] == []


def test_links_of_the_pages_lead_somewhere():
    pages = [Path("README.md"), *(path for path in written_files("docs", "bundles") if path.suffix == ".md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(((?!https?:)[^)#\s]+)", (ROOT / page).read_text())
    ]
    broken = [f"{page}: {link}" for page, link in links if not (ROOT / page.parent / link).exists()]
    assert links
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("pattern", "breach"),
    [
        pytest.param(r"TOD[O]|FIXM[E]|XX[X]|NotImplemente[d]Error|pragma: no[ ]cover", "# TO-DO", id="left-over-marks"),
        pytest.param(r"(^|[^\w.])/(work|tmp|root|home|Users|mnt)/", "see \\home\\me\\scans", id="paths-of-one-machine"),
    ],
)
def test_nothing_written_holds(pattern: str, breach: str):
    paths = written_files("common", "bundles", "tests", "docs", ".ci") + [p for p in ROOT.iterdir() if p.is_file()]
    texts = {path: (ROOT / path).read_text() for path in paths if path.suffix in TEXTS}
    found = [f"{path}: {hit[0]}" for path, text in texts.items() if (hit := re.search(pattern, text))]
    assert not found, "\n".join(found)
    assert re.search(pattern, breach.replace("-", "").replace("\\", "/"))
