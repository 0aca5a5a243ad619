"""What a person does with a bundle: pre-train, fine-tune, evaluate, use; kill it, continue it, start it wrongly."""

import csv
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose, LabelFilterd, MapLabelValued
from PIL import Image

from medssl.data.files import stem
from tests.bundles.running import kill_at_first_state, messages, run, start, tiny_words


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def grid(path: str | Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Size of an image, and where it is."""
    if str(path).endswith(".png"):
        return Image.open(path).size, np.eye(4)
    image = nib.load(path)
    return image.shape, image.affine


@pytest.fixture(scope="module")
def pretrained(bundle, tmp_path_factory):
    """Pre-train for two unbroken epochs."""
    where = tmp_path_factory.mktemp("pretrained")
    run(bundle, "pretrain+demo", epochs=2, half_precision=False, models_dir=str(where), output_dir=str(where))
    return where


@pytest.fixture(scope="module")
def finetuned(bundle, pretrained, tmp_path_factory):
    """Fine-tune segmentation from there for two epochs."""
    where = tmp_path_factory.mktemp("finetuned")
    words = {"models_dir": str(where), "output_dir": str(where), "pretrained": str(pretrained / "pretrained.pt")}
    run(bundle, "train+demo", epochs=2, **words)
    return where


def test_pretraining_leaves_weights_and_an_account_of_itself(pretrained):
    keys = weights(pretrained / "pretrained.pt")
    assert {key.split(".")[0] for key in keys} >= {"encoder", "decoder"}
    assert [float(row[0]) for row in rows(pretrained / "history.csv")[1:]] == [1, 2]
    for name in ("pretrained.json", "run.json", "progress.png", "strips.png", "checkpoint.pt"):
        assert (pretrained / name).stat().st_size > 100
    assert str(pretrained) not in (pretrained / "run.json").read_text() + (pretrained / "pretrained.json").read_text()


def test_pretraining_tells_what_the_encoder_knows_of_classes(bundle, tmp_path):
    sample = ConfigParser()
    sample.read_config([bundle / f"configs/{name}.json" for name in ("features", "demo")])
    sample.update(tiny_words(bundle, "features+demo"))
    images = [case["image"] for case in sample.get_parsed_content("cases")]
    lines = ["image,class", *(f"{image},{number % 2}" for number, image in enumerate(images[:6]))]
    (tmp_path / "probe.csv").write_text("\n".join(lines))
    words = {"probe_list": str(tmp_path / "probe.csv"), "dataset_dir": str(bundle)}
    run(bundle, "pretrain+demo", epochs=1, models_dir=str(tmp_path), output_dir=str(tmp_path), **words)
    (names, *history) = rows(tmp_path / "history.csv")
    found = dict(zip(names, history[-1], strict=True))
    assert all(0 <= float(found[f"val_probe_{name}"]) <= 1 for name in ("knn", "linear", "majority"))


def test_finetuning_starts_from_the_pretrained_weights(finetuned, pretrained, bundle, caplog):
    assert (finetuned / "model.pt").exists()
    with caplog.at_level("INFO"):
        words = {"models_dir": str(finetuned), "output_dir": str(finetuned / "again")}
        run(bundle, "train+demo", epochs=1, pretrained=str(pretrained / "pretrained.pt"), learning_rate=0.0, **words)
    assert "100 % of the encoder's parameters" in caplog.text
    first, second = weights(pretrained / "pretrained.pt"), weights(finetuned / "model.pt")
    name = next(key for key in first if key.startswith("encoder.") and first[key].ndim > 3)
    assert torch.allclose(first[name], second[name].float(), rtol=1e-3, atol=1e-3)


def test_evaluation_gives_a_row_a_case(finetuned, bundle):
    run(bundle, "train+demo+evaluate", models_dir=str(finetuned), output_dir=str(finetuned / "evaluate"))
    table = rows(finetuned / "evaluate" / "dice.csv")
    assert table[0][0] == "case"
    assert table[-1][0] == "mean"
    assert all(0 <= float(cell) <= 1 for row in table[1:] for cell in row[1:] if cell != "nan")


def test_masks_lie_on_the_images_own_grid_and_are_not_made_twice(finetuned, bundle):
    where = finetuned / "inference"
    workflow = run(bundle, "inference+demo", "infer", models_dir=str(finetuned), output_dir=str(where))
    made = sorted(path for path in where.rglob("*_pred.*"))
    images = sorted(case["image"] for case in workflow.parser.get_parsed_content("cases"))
    assert len(made) == len(images)
    for path, image in zip(made, images, strict=True):
        assert path.name.startswith(stem(Path(image).name))
        (shape, affine), (image_shape, image_affine) = grid(path), grid(image)
        assert shape == image_shape
        assert np.allclose(affine, image_affine, atol=1e-4)
    made[0].write_bytes(made[0].read_bytes()[:100])
    before = [path.stat().st_mtime_ns for path in made[1:]]
    run(bundle, "inference+demo", "infer", models_dir=str(finetuned), output_dir=str(where))
    assert [path.stat().st_mtime_ns for path in made[1:]] == before
    assert grid(made[0])[0]


def test_classification_and_its_evaluation(bundle, pretrained, tmp_path):
    words = {"models_dir": str(tmp_path), "output_dir": str(tmp_path)}
    run(bundle, "classify+demo", epochs=1, pretrained=str(pretrained / "pretrained.pt"), **words)
    assert (tmp_path / "classifier.pt").exists()
    assert not (tmp_path / "model.pt").exists()
    run(bundle, "classify+demo+evaluate_classify", **words)
    table = rows(tmp_path / "classes.csv")
    assert all(abs(sum(map(float, row[2:])) - 1) < 1e-3 for row in table[1:])


def test_features_are_one_vector_an_image(bundle, pretrained, tmp_path):
    words = {"models_dir": str(pretrained), "output_dir": str(tmp_path), "batch_size": 1}
    run(bundle, "features+demo", "infer", **words)
    table = np.load(tmp_path / "features.npz")
    assert len(table["names"]) == len(table["vectors"])
    assert np.isfinite(table["vectors"]).all()
    assert np.ptp(table["vectors"], axis=0).max() > 0


def test_lists_may_come_from_elsewhere_as_monai_label_gives_them(bundle, pretrained, tmp_path):
    sample = bundle / "eval/demo/sample"
    listed = json.loads((sample / "dataset.json").read_text())["cases"]
    pairs = [{key: str(sample / case[key]) for key in ("image", "label")} for case in listed]
    lists = {"train#dataset#data": pairs[:2], "validate#dataset#data": pairs[2:3], "train#trainer#max_epochs": 1}
    words = {"models_dir": str(tmp_path), "output_dir": str(tmp_path), "val_interval": 5, **lists}
    run(bundle, "train", pretrained=str(pretrained / "pretrained.pt"), **words)
    assert (tmp_path / "model.pt").exists()


def first_stage(config: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Words of a stage that may come first, and what it trains."""
    if "stage" in config:
        return {"stage": "di"}, {"encoder"}
    if "pattern" in config["task_weights"]:
        return {"task_weights": {"volume": 0, "pattern": 1.0}}, {"encoder"}
    if "location" in config["task_weights"]:
        return {"task_weights#lines": 0}, {"encoder"}
    return {"task_weights#embedding": 0, "task_weights#tokens": 0}, {"encoder", "decoder", "volume"}


def test_a_simpler_stage_may_come_first(bundle, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    stage, parts = first_stage(ConfigParser.load_config_file(bundle / "configs/pretrain.json"))
    run(bundle, "pretrain+demo", models_dir=str(first), output_dir=str(first), epochs=1, **stage)
    found = {key.split(".")[0] for key in weights(first / "pretrained.pt")}
    assert found & {"encoder", "decoder", "volume"} == parts
    start_from = {"pretrained": str(first / "pretrained.pt"), "load_parts": sorted(parts), "epochs": 1}
    run(bundle, "pretrain+demo", models_dir=str(second), output_dir=str(second), **start_from)
    assert any(key.startswith("decoder.") for key in weights(second / "pretrained.pt"))


@pytest.mark.slow
def test_a_killed_run_continues_to_the_very_same_weights(bundle, pretrained, tmp_path):
    words = {"models_dir": str(tmp_path), "output_dir": str(tmp_path), "epochs": 2, "half_precision": False}
    cut = kill_at_first_state(start(bundle, "pretrain+demo", checkpoint_minutes=1e-6, **words), tmp_path)
    assert 0 < cut["iteration"] < 2 * cut["epoch_length"]
    run(bundle, "pretrain+demo", resume=True, **words)
    whole, continued = weights(pretrained / "pretrained.pt"), weights(tmp_path / "pretrained.pt")
    assert all(torch.equal(whole[key], continued[key]) for key in whole)
    kept = [row[:-1] for row in rows(pretrained / "history.csv")]
    assert [row[:-1] for row in rows(tmp_path / "history.csv")] == kept


@pytest.mark.slow
def test_two_processes_train_together(bundle, tmp_path):
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    words = {"models_dir": str(tmp_path), "output_dir": str(tmp_path), "epochs": 1}
    process = start(bundle, "pretrain+demo+multi_gpu_pretrain", launcher=launcher, **words)
    output = process.communicate(timeout=240)[0]
    assert process.returncode == 0, output
    assert not any(key.startswith("module.") for key in weights(tmp_path / "pretrained.pt"))
    assert output.count("pretrain: 100%") >= 1


def test_a_switch_given_as_text_is_refused_with_the_spelling(bundle, tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(bundle, "pretrain+demo", resume="true", output_dir=str(tmp_path), models_dir=str(tmp_path))
    assert "need True or False, spelled like that, got --resume" in messages(error.value)


@pytest.mark.parametrize("names", ["train", "train+evaluate"])
def test_masks_of_other_values_are_brought_to_the_labels(bundle, names):
    mask = torch.tensor([[0, 1, 2, 5, 9]])
    files = [bundle / f"configs/{name}.json" for name in names.split("+")]
    parser = ConfigParser(ConfigParser.load_config_files(files))
    parser.update({"relabel": {"from": [9, 2], "to": [1, 2]}})
    for part in ("train", "validate"):
        steps = parser.get_parsed_content(f"{part}#preprocessing").transforms
        chosen = [step for step in steps if isinstance(step, LabelFilterd | MapLabelValued)]
        assert Compose(chosen)({"label": mask})["label"].tolist() == [[0, 0, 2, 0, 1]]
