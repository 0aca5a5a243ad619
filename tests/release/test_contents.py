import json
import sys
from pathlib import Path

from medssl import __version__
from medssl.release import bundle_files, package_files
from tests.sources import PACKAGE, ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same under this name
    import tomli as tomllib


def test_a_bundle_brings_its_files_and_nothing_that_runs_left(bundle: Path):
    files = bundle_files(bundle)
    own = {name for name in files if not name.startswith("medssl/")}
    assert {"LICENSE", "configs/metadata.json", "configs/logging.conf", "docs/data_license.txt"} <= own
    assert {"models/model.pt", "models/model.json", "models/pretrained.pt", "models/pretrained.json"} <= own
    assert not any("eval" in name and "/" in name and name.split("/")[0] == "eval" for name in own)
    assert "docs/.draft.md" not in own
    assert files["models/model.pt"] == (bundle / "models/model.pt").read_bytes()


def test_what_is_no_part_of_a_bundle_stays_and_is_named(bundle: Path, caplog):
    (bundle / "notes.txt").write_text("remember")
    (bundle / "models/model.ts").write_text("made by an export")
    assert not {"notes.txt", "models/model.ts"} & bundle_files(bundle).keys()
    assert "notes.txt is no part of a released bundle" in caplog.text


def test_configs_ask_for_the_very_package_beside_them(bundle: Path):
    before = json.loads((bundle / "configs/train.json").read_text())
    after = json.loads(bundle_files(bundle)["configs/train.json"])
    assert before.pop("package")["version"] == "0.1"
    assert after.pop("package")["version"] == __version__
    assert before == after


def test_the_package_is_all_python_and_the_samples_and_nothing_made_by_running():
    files = package_files()
    written = [path for path in PACKAGE.rglob("*.py") if path.name[0] != "."]
    assert {f"{path.relative_to(PACKAGE).as_posix()}" for path in written} <= files.keys()
    assert files["__init__.py"] == (PACKAGE / "__init__.py").read_bytes()
    assert {Path(name).suffix for name in files} == {".py", ".gz", ".md"}


def test_the_package_is_what_a_wheel_of_it_holds():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data == {"medssl.samples": ["files/*"]}
    samples = {name for name in package_files() if not name.endswith(".py")}
    assert samples == {f"samples/files/{path.name}" for path in (PACKAGE / "samples/files").iterdir()}


def test_everything_else_that_the_package_imports_is_asked_for():
    asked = {"PIL", "blosc2", "einops", "filelock", "fire", "ignite", "itk", "matplotlib", "monai", "nibabel"}
    asked |= {"monailabel", "numpy", "pydicom", "scipy", "torch", "tqdm"}
    lines = [line.split() for content in package_files().values() for line in _imports(content)]
    found = {words[1].split(".")[0] for words in lines}
    assert found - asked - sys.stdlib_module_names == {"medssl"}


def _imports(content: bytes) -> list[str]:
    lines = content.decode(errors="ignore").splitlines()
    return [line for line in lines if line.startswith("import ") or (line.startswith("from ") and " import " in line)]


def test_a_hub_finds_its_header_and_the_same_content(bundle: Path):
    plain, hub = bundle_files(bundle), bundle_files(bundle, hub=True)
    assert hub.keys() - plain.keys() == {"README.md", ".gitattributes"}
    assert all(hub[name] == content for name, content in plain.items())
    assert hub["README.md"].endswith(plain["docs/README.md"])
    assert hub["README.md"].startswith(b"---\nlicense: ")
