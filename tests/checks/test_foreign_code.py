import shutil
from pathlib import Path

import pytest

import medssl
from medssl.checks import foreign_code, foreign_files
from medssl.checks.configs import read_settings
from tests.sources import ROOT

PACKAGE = Path(medssl.__file__).parent
IMPORTS = ["$import operator", "$import os", "$import torch.distributed as dist"]
CONFIGS = sorted((ROOT / "bundles").glob("*/configs/*.json"))
ENGINES = [path for path in CONFIGS if path.stem.endswith("_trt")]
OTHERS = {"metadata", "demo", "paper", *(path.stem for path in ENGINES)}
RUNS = [path for path in CONFIGS if path.stem not in OTHERS and "evaluate" not in path.stem]


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_our_configs_run_nothing_foreign(path):
    base = path.stem.removeprefix("multi_gpu_")
    names = dict.fromkeys([base, path.stem])
    assert foreign_code(read_settings(path.parents[1], list(names)).merged) == []


@pytest.mark.parametrize("path", ENGINES, ids=lambda path: path.parents[1].name)
def test_a_compiled_engine_is_listed(path):
    found = foreign_code(read_settings(path.parents[1], [path.stem.removesuffix("_trt"), path.stem]).merged)
    assert sorted(one.place for one in found) == ["imports#0", "network"], found
    assert all(part in f"{found}" for part in ("torch_tensorrt", "torch.jit.load"))


@pytest.mark.parametrize(
    "code",
    [
        "@a.b.c()", "[x for x in range(3)]", "(lambda x: x + 1)(@b)", "os.environ['A']", "os.path.join('a', 'b')",
        "np.pi * 2", "torch.float32", "torch.optim.Adam", "operator.lt(1, 2)", "dist.barrier()", "import torch.nn",
        "monai.handlers.from_engine(['pred'])", "{k: v for k, v in @c.items()}",
    ],
)  # fmt: skip
def test_known_code(code):
    assert foreign_code({"imports": IMPORTS, "x": f"${code}"}) == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("__import__('os').system('x')", "uses __import__"),
        ("open('x')", "uses open"),
        ("eval('1')", "uses eval"),
        ("[0 for exec in [1]] and exec('1')", "uses exec"),
        ("().__class__.__bases__", "reaches for __class__"),
        ("@a.b.__globals__", "reaches for __globals__"),
        ("torch.os.system('x')", "is really os"),
        ("np.load('x')", "runs or loads"),
        ("torch.hub.load('a', 'b')", "runs or loads"),
        ("monai.utils.optional_import('os')[0].system('x')", "runs or loads"),
        ("operator.attrgetter('os')(torch)", "runs or loads"),
        ("os.system('x')", "os.system is outside"),
        ("os.path.os.system('x')", "is outside"),
        ("import subprocess", "subprocess is outside"),
        ("from os import system", "os.system is outside"),
        ("scripts.run()", "uses scripts"),
        ("1 +", "cannot be understood"),
    ],
)
def test_foreign_expressions(code, reason):
    (found,) = foreign_code({"imports": IMPORTS, "x": [{"y": f"${code}"}]})
    assert (found.place, found.text) == ("x#0#y", f"${code}")
    assert reason in found.reason


@pytest.mark.parametrize(
    "target", ["torch.optim.Adam", "LoadImaged", "medssl.data.find_cases", "ignite.metrics.Accuracy", "dict", "$@part"]
)
def test_known_targets(target):
    assert foreign_code({"part": 1, "x": {"_target_": target}}) == []


@pytest.mark.parametrize(
    "target",
    [
        "scripts.net.Net", "subprocess.run", "builtins.exec", "exec", "torch.os.system", "torch._C.foo",
        "monai.bundle.run", "torch.utils.cpp_extension.load", "monai.utils.optional_import", "medssl.study.run_study",
    ],
)  # fmt: skip
def test_foreign_targets(target):
    (found,) = foreign_code({"x": {"_target_": target}})
    assert str(found).startswith(f"x#_target_: {target} (")


def test_readers_by_name_are_code_too():
    parts = [
        {"_target_": "LoadImaged", "reader": name} for name in ("evil.Reader", "medssl.data.CaseReader", "ITKReader")
    ]
    assert [found.text for found in foreign_code({"x": parts})] == ["evil.Reader"]


def test_a_name_that_an_import_gave_is_not_trusted_for_its_sound():
    found = foreign_code({"imports": ["$import subprocess as np"], "x": "$np.run('a')"})
    assert [piece.place for piece in found] == ["imports#0", "x"]


def test_programs_in_a_bundle_but_for_our_own(tmp_path):
    (tmp_path / "medssl/data").mkdir(parents=True)
    (tmp_path / "medssl/__pycache__").mkdir()
    shutil.copy(PACKAGE / "data/words.py", tmp_path / "medssl/data")
    (tmp_path / "medssl/data/files.py").write_text("import os\n")
    (tmp_path / "medssl/__pycache__/a.pyc").write_bytes(b"")
    (tmp_path / "run.sh").write_text("ls")
    assert foreign_files(tmp_path) == [Path("medssl/__pycache__"), Path("medssl/data/files.py"), Path("run.sh")]
