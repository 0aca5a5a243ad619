"""Encoders evaluated as they are."""

import json

import numpy as np
import pytest
import torch

from medssl.data import read_rows
from medssl.study import Study, frozen, probing, run_study

KEYS = {"classify": ["image"], "train": ["image", "label"]}
NETWORKS = {
    "classify": {"_target_": "medssl.networks.ClassificationNetwork", "encoder": "@encoder", "num_classes": 2},
    "train": {
        "_target_": "medssl.networks.SegmentationNetwork",
        "encoder": "@encoder",
        "decoder": {"_target_": "medssl.networks.ConvDecoder", "spatial_dims": 2, "channels": "$@encoder.channels"},
        "num_classes": 2,
    },
}
METRICS = {
    "classify": {
        "val_auc": {
            "_target_": "medssl.metrics.ClassAUC",
            "output_transform": "$monai.handlers.from_engine(['pred', 'label'])",
        }
    },
    "train": {
        "val_mean_dice": {
            "_target_": "MeanDice",
            "include_background": False,
            "output_transform": "$monai.handlers.from_engine(['pred', 'label'])",
        }
    },
}
POST = {
    "classify": [
        {"_target_": "Activationsd", "keys": "pred", "softmax": True},
        {"_target_": "AsDiscreted", "keys": "label", "to_onehot": 2},
    ],
    "train": [
        {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        {"_target_": "AsDiscreted", "keys": ["pred", "label"], "to_onehot": 2},
    ],
}
TABLES = {
    "classify": {
        "_target_": "medssl.handlers.PredictionTable",
        "path": "$@output_dir + '/classes.csv'",
        "columns": ["flat", "bright"],
    },
    "train": {
        "_target_": "medssl.handlers.MetricTable",
        "path": "$@output_dir + '/dice.csv'",
        "metric": "val_mean_dice",
        "columns": ["disc"],
    },
}


# One config, as a bundle would have it.
def config(kind, data):
    return {
        "bundle_root": ".",
        "dataset_dir": "data",
        "output_dir": "eval",
        "models_dir": "models",
        "seed": 0,
        "device": "cpu",
        "pretrained": "scratch",
        "epochs": 1,
        "batch_size": 4,
        "num_workers": 0,
        "amp": False,
        "freeze_encoder": 0,
        "label_fraction": 1.0,
        "data_hash": "0123456789abcdef",
        "split": {
            "_target_": "medssl.data.label_fraction",
            "parts": data,
            "fraction": "@label_fraction",
            "seed": "@seed",
            "every_class": kind == "classify",
        },
        "encoder": {"_target_": "medssl.networks.ConvEncoder", "spatial_dims": 2, "in_channels": 1, "width": 2},
        "network": NETWORKS[kind],
        "train": {"dataset": {"_target_": "Dataset", "data": "$@split['train']"}, "handlers": []},
        "validate": {
            "preprocessing": {
                "_target_": "Compose",
                "transforms": [
                    {"_target_": "LoadImaged", "keys": KEYS[kind], "reader": "NumpyReader"},
                    {"_target_": "EnsureChannelFirstd", "keys": KEYS[kind], "channel_dim": "no_channel"},
                    {"_target_": "SelectItemsd", "keys": ["image", "class" if kind == "classify" else "label"]},
                ],
            },
            "dataset": {
                "_target_": "medssl.data.KeyedDataset",
                "data": "$@split['val']",
                "transform": "@validate#preprocessing",
            },
            "dataloader": {
                "_target_": "medssl.data.KeyedLoader",
                "dataset": "@validate#dataset",
                "shuffle": False,
                "fixed": True,
            },
            "inferer": {"_target_": "medssl.engines.AutocastInferer", "enabled": "@amp"},
            "handlers": [
                {
                    "_target_": "medssl.handlers.RunRecord",
                    "path": "$@output_dir + '/run.json'",
                    "settings": {"data": "@data_hash"},
                },
                TABLES[kind],
            ],
            "evaluator": {
                "_target_": "SupervisedEvaluator",
                "device": "@device",
                "val_data_loader": "@validate#dataloader",
                "network": "@network",
                "inferer": "@validate#inferer",
                "postprocessing": {"_target_": "Compose", "transforms": POST[kind]},
                "key_val_metric": METRICS[kind],
                "val_handlers": "@validate#handlers",
                **({"prepare_batch": {"_target_": "medssl.engines.PrepareClasses"}} if kind == "classify" else {}),
            },
        },
        "initialize": ["$monai.utils.set_determinism(seed=@seed)"],
        "run": ["$@validate#evaluator.run()"],
    }


def picture(number, rng):
    """Grey noise with a disc, which is bright in every other picture."""
    rows, columns = np.indices((16, 16))
    disc = (rows - 7) ** 2 + (columns - 6 - number % 3) ** 2 < 16
    return (0.1 * rng.random((16, 16)) + (0.3 + 0.6 * (number % 2)) * disc).astype(np.float32), disc.astype(np.uint8)


@pytest.fixture
def made(tmp_path):
    """A bundle of two tiny fine-tunings, and its images."""
    rng, cases = np.random.default_rng(0), []
    for number in range(12):
        names = {key: str(tmp_path / f"{key}{number}.npy") for key in ("image", "label")}
        for name, array in zip(names.values(), picture(number, rng), strict=True):
            np.save(name, array)
        cases.append({**names, "class": number % 2, "patient": f"p{number // 2}" if number < 2 else f"q{number}"})
    folder = tmp_path / "bundle" / "configs"
    folder.mkdir(parents=True)
    for kind, evaluation in (("classify", "evaluate_classify"), ("train", "evaluate")):
        data = {"train": cases[:8], "val": cases[8:]}
        (folder / f"{kind}.json").write_text(json.dumps(config(kind, data)))
        (folder / f"{evaluation}.json").write_text(json.dumps({"run": ["$@validate#evaluator.run()"]}))

    def study(kind="classify", **words):
        given = {"inits": {"scratch": "scratch"}, "tunings": ["linear"], "output": tmp_path / "out", **words}
        return Study(bundle=folder.parent, config=kind, **given)

    return study


@pytest.fixture
def calculated(monkeypatch):
    """Numbers of cases whose features were calculated, call by call."""
    seen = []
    for name in ("_vectors", "_samples"):
        known = getattr(frozen.Frozen, name)

        def counted(self, cases, known=known):
            seen.append(len(cases))
            return known(self, cases)

        monkeypatch.setattr(frozen.Frozen, name, counted)
    return seen


def test_rows_are_as_those_of_full_runs(made):
    rows = run_study(made(tunings=["linear", "knn"]))
    assert [(row["tuning"], row["epochs"], row["iterations"]) for row in rows] == [
        ("linear", "0", "0"),
        ("knn", "0", "0"),
    ]
    facts = {
        "init": "scratch",
        "fraction": "1",
        "images": "8",
        "patients": "7",
        "evaluated": "4",
        "data": "0123456789ab",
    }
    assert facts.items() <= rows[0].items()
    assert {"minutes", "hardware", "torch", "monai", "configs", "settings"} <= set(rows[0])
    assert rows[0]["val_auc"] == "1.0000"
    assert 0 <= float(rows[1]["val_auc"]) <= 1
    assert [len(read_rows(path)) for path in sorted(made().output.glob("*/evaluate/classes.csv"))] == [4, 4]


def test_voxels_are_probed_on_the_evaluations_own_grid(made):
    (row,) = run_study(made("train"))
    assert float(row["disc"]) > 0.8
    assert (row["tuning"], row["evaluated"]) == ("linear", "4")


def test_features_are_calculated_once_for_weights_and_shares(made, calculated):
    first = run_study(made(tunings=["linear"], fractions=[0.5, 1.0]))
    before = sum(calculated)
    again = run_study(made(tunings=["knn"], fractions=[0.5, 1.0]))
    assert before == sum(calculated) == 12
    assert [row["images"] for row in first] == [row["images"] for row in again]


def test_another_seed_is_another_random_encoder(made, calculated):
    run_study(made(seeds=[0, 1]))
    assert sum(calculated) == 24


@pytest.mark.parametrize("kind", ["classify", "train"])
def test_kept_features_give_the_same_row(made, kind, tmp_path):
    (first,) = run_study(made(kind, output=tmp_path / "first"))
    (tmp_path / "first" / "scratch_linear_seed0").rename(tmp_path / "gone")
    (second,) = run_study(made(kind, output=tmp_path / "first"))
    (third,) = run_study(made(kind, output=tmp_path / "third"))
    for row in (first, second, third):
        row.pop("minutes")
    assert first == second == third


def test_a_share_takes_the_patients_that_full_fine_tuning_takes(made, monkeypatch):
    study, seen = made(fractions=[0.3], seeds=[5]), []
    known = probing.probe_vectors
    monkeypatch.setattr(
        probing, "probe_vectors", lambda *given, **words: seen.append(given[1]) or known(*given, **words)
    )
    run_study(study)
    full = made(fractions=[0.3], seeds=[5], tunings=["full"])
    words = full.overrides(full.runs()[0])
    workflow = probing.prepare(full.bundle, ["classify"], overrides=words)
    assert [case["image"] for case in seen[0]] == [case["image"] for case in workflow.train_dataset_data]


def test_killed_and_started_again(made, monkeypatch, calculated):
    study, known = made(tunings=["linear", "knn"]), probing.probe_vectors

    def killed(*given, tuning, **words):
        if tuning == "knn":
            raise KeyboardInterrupt
        return known(*given, tuning=tuning, **words)

    monkeypatch.setattr(probing, "probe_vectors", killed)
    with pytest.raises(KeyboardInterrupt):
        run_study(study)
    monkeypatch.setattr(probing, "probe_vectors", known)
    assert [row["tuning"] for row in run_study(study)] == ["linear", "knn"]
    assert sum(calculated) == 12


def test_several_findings_have_scores_of_their_own():
    vectors, targets = torch.eye(3), torch.tensor([[1.0, 1], [1, 0], [1, 0]])
    answers = probing.Neighbours(vectors, targets, multi_label=True)(vectors).sigmoid()
    assert answers[:, 0].tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert answers[0, 1] > 0.99
    assert answers[1, 1] < 0.01


def test_classes_become_targets():
    assert probing.class_targets([{"class": 1}, {"class": 0}], 2).tolist() == [[0, 1], [1, 0]]
    assert probing.class_targets([{"class": [1, 1]}, {"class": [0, 1]}], 2).tolist() == [[1, 1], [0, 1]]
