"""Annotation played through."""

import json

import numpy as np
import pytest

from medssl.data import read_rows
from medssl.study import Annotation, Study, annotating, run_annotation
from medssl.study.claims import claimed

PLACES = {"a": 0.0, "b": 1.0, "c": 2.0, "d": 9.0, "e": 4.0}  # where the encoder sees the images
SCORES = {"a": 0.5, "b": 0.1, "c": 0.2, "d": 0.3, "e": 0.4}


@pytest.fixture
def study(bundle, monkeypatch):
    """A study whose trainings take no time and reach more the more images there are; notes what was trained on."""
    config = json.loads((bundle / "configs" / "train.json").read_text())
    config["train"]["dataset"]["data"] = [{"image": f"{name}.png", "patient": name} for name in PLACES]
    (bundle / "configs" / "train.json").write_text(json.dumps(config))
    for name in ("features", "inference"):
        (bundle / "configs" / f"{name}.json").write_text(json.dumps({"bundle_root": ".", "part": "all"}))
    trained = []

    def finetune(study, run, *, folder):
        images = [case["image"][0] for case in study.words["train#dataset#data"]]
        trained.append((run.init, run.seed, "".join(images)))
        return {"images": len(images), "mean": len(images) / 10}

    def entropies(bundle, images, *, words, **plan):
        assert words["pretrained"].endswith("model.pt")
        assert words["part"] == "all"
        return np.array([SCORES[image[0]] for image in images])

    class Features:
        def __init__(self, bundle, *, cache, words):
            assert words == {"part": "all", "pretrained": "scratch"}

        def __call__(self, images):
            return np.array([[PLACES[image[0]]] for image in images])

    monkeypatch.setattr(annotating, "finetune", finetune)
    monkeypatch.setattr(annotating, "image_entropies", entropies)
    monkeypatch.setattr(annotating, "ImageFeatures", Features)

    def make(**words):
        words = {"inits": {"scratch": "scratch"}, "words": {"part": "all"}, **words}
        made = Study(bundle=bundle, output=bundle.parent / "out", **words)
        return made, trained

    return make


def labelled(rows, strategy):
    return ["".join(name[0] for name in row["added"].split()) for row in rows if row["strategy"] == strategy]


def test_every_strategy_starts_alike_and_goes_its_way(study):
    made, _ = study(seeds=[0])
    rows = run_annotation(made, Annotation(start=1, step=1, rounds=5))
    order = [list(PLACES)[number] for number in np.random.default_rng(0).permutation(5)]
    first = order[0]
    assert labelled(rows, "random") == order
    assert labelled(rows, "uncertain") == [first, *sorted(set(PLACES) - {first}, key=SCORES.get, reverse=True)]
    assert first == "c"
    assert labelled(rows, "farthest") == ["c", "d", "a", "e", "b"]  # c is 2, 1, 7 and 2 away from a, b, d and e
    assert labelled(rows, "farthest_uncertain")[:2] == ["c", "d"]
    assert [row["mean"] for row in rows[:5]] == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert read_rows(made.output / "annotation.csv") == rows


def test_the_same_images_are_trained_on_once(study):
    made, trained = study(seeds=[0, 1], inits={"scratch": "scratch", "again": "scratch"})
    plan = Annotation(start=2, step=3, rounds=2)  # all five at last, whoever chooses
    rows = run_annotation(made, plan)
    assert len(rows) == 2 * 2 * 4 * 2
    assert len(trained) == len(set(trained)) == 2 * 2 * 2
    assert run_annotation(made, plan) == rows
    assert len(trained) == 8
    run_annotation(made, Annotation(start=2, step=3, rounds=2, uncertainty={"dropout": 0.4}))
    assert len(trained) == 16


def test_killed_and_started_again_it_repeats_nothing(study, monkeypatch):
    made, trained = study(seeds=[0])
    whole = annotating.finetune

    def killed(study, run, *, folder):
        if len(trained) == 4:
            raise KeyboardInterrupt
        return whole(study, run, folder=folder)

    monkeypatch.setattr(annotating, "finetune", killed)
    with pytest.raises(KeyboardInterrupt):
        run_annotation(made, Annotation(rounds=4))
    monkeypatch.setattr(annotating, "finetune", whole)
    rows = run_annotation(made, Annotation(rounds=4))
    assert len(rows) == 16
    assert len(trained) == len(set(trained))


def test_what_another_process_does_is_left_to_it_and_said(study, caplog):
    made, _ = study(seeds=[0])
    plan = Annotation(rounds=2)
    run_annotation(made, plan)
    (file,) = [f for f in made.output.rglob("fit_*.json") if json.loads(f.read_text())["row"]["images"] == 1]
    file.unlink()
    with claimed(file.with_suffix(".lock")):
        assert run_annotation(made, plan) == []
    assert "8 of 8 trainings wait for other processes" in caplog.text
    assert len(run_annotation(made, plan)) == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"strategies": ["farthest", "nearest"]}, r"got \['farthest', 'nearest'\]", id="strategy"),
        pytest.param({"strategies": []}, r"got \[\]", id="none"),
        pytest.param({"step": 0}, "self.step=0", id="number"),
    ],
)
def test_bad_plans_are_named(words, message):
    with pytest.raises(ValueError, match=message):
        Annotation(**words)


def test_more_labels_than_images_are_refused(study):
    with pytest.raises(ValueError, match="needs 6 images to label, there are 5"):
        run_annotation(study()[0], Annotation(start=2, step=2, rounds=3))
