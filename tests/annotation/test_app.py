"""Our parts of the app, with stand-ins for MONAI Label's; tests/label has the app in a real server."""

import ast
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import medssl.annotation

SOURCE = Path(medssl.annotation.__file__).with_name("app.py")


class StandIn:
    """Any class of MONAI Label: keeps what it is made with, and answers what was asked of it."""

    def __init__(self, *args, **words):
        self.args, self.words, self.key_pred = args, words, "pred"

    def __call__(self, request, datastore):
        return request

    def is_valid(self):
        return self.args[0] != "broken"

    def _load_bundle_config(self, *paths):
        return {"displayable_configs": {"learning_rate": 0.5, "epochs": 3}, "fresh": True}

    def _load_checkpoint(self, model, pretrained, handlers):
        handlers.append(model)

    def _get_network(self, device, data):
        return torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(2)).train()


class App(StandIn):
    """MONAI Label's app, as far as it makes its parts."""

    def __init__(self, *, app_dir, studies, conf, **names):
        self.app_dir, self.conf = app_dir, conf
        self.parts = [self.init_infers(), self.init_trainers(), self.init_strategies(), self.init_scoring_methods()]


class Images:
    """A datastore: facts of images by their ids, and which are labelled."""

    def __init__(self, facts, labelled=()):
        self.facts, self.labelled = facts, labelled

    def list_images(self):
        return list(self.facts)[::-1]

    def get_unlabeled_images(self, tag=None, labels=None):
        return [image for image in self.facts if image not in self.labelled]

    def get_image_info(self, image):
        return self.facts[image]

    def get_image_uri(self, image):
        return f"{image}.png"


@pytest.fixture
def app(monkeypatch):
    """The module, with every name that it imports from MONAI Label replaced."""
    for node in ast.parse(SOURCE.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("monailabel"):
            for depth in range(1, node.module.count(".") + 2):
                parent = ".".join(node.module.split(".")[:depth])
                monkeypatch.setitem(sys.modules, parent, sys.modules.get(parent) or ModuleType(parent))
            for alias in node.names:
                setattr(sys.modules[node.module], alias.name, type(alias.name, (StandIn,), {}))
    sys.modules["monailabel.interfaces.app"].MONAILabelApp = App
    sys.modules["monailabel.utils.others.generic"].get_bundle_models = lambda folder, conf, conf_key="models": {
        name: name if name == "broken" else f"{folder}/{name}" for name in conf[conf_key].split(",")
    }
    monkeypatch.delitem(sys.modules, "medssl.annotation.app", raising=False)
    yield importlib.import_module("medssl.annotation.app")
    sys.modules.pop("medssl.annotation.app", None)


@pytest.fixture
def strategies(app):
    """Our strategies by name, on features that are the images' names as numbers."""
    asked = []

    def features(images):
        asked.append(images)
        return np.array([[float(image[0])] for image in images])

    found = {name: app.EncoderStrategy(*choice, features=features) for name, choice in app.CHOICES.items()}
    return found, asked


def test_choices_are_those_of_the_pure_functions(strategies):
    found, asked = strategies
    facts = {name: {"epistemic_entropy": score} for name, score in {"0": 0.1, "1": 0.4, "5": 0.3, "9": 0.2}.items()}
    store = Images(facts, labelled=["0"])
    assert found["uncertain"]({}, store) == {"id": "1", "score": 0.4}
    assert not asked
    assert found["farthest"]({}, store) == {"id": "9", "score": 0.2}
    assert asked == [["0.png", "1.png", "5.png", "9.png"]]
    assert found["farthest_uncertain"]({}, store)["id"] == "5"  # distances 1, 5, 9; ranks 3/3, 2/3, 1/3
    assert found["farthest"]({}, Images(facts)) == {"id": "5", "score": 0.3}


def test_images_without_a_score_count_as_the_most_uncertain(strategies):
    found, _ = strategies
    store = Images({"1": {"epistemic_entropy": 0.9}, "2": {}, "3": {}})
    assert found["uncertain"]({}, store) == {"id": "2", "score": None}


def test_what_was_handed_out_comes_again_when_nothing_else_is_left(strategies):
    found, _ = strategies
    today, earlier = {"strategy": {"random": {"ts": time.time()}}}, {"strategy": {"random": {"ts": 0}}}
    store = Images({"0": {}, "1": today, "5": {}, "9": earlier}, labelled=["0"])
    assert found["farthest"]({}, store)["id"] == "9"
    assert found["farthest"]({}, Images({"0": {}, "1": today, "5": {}, "9": today}, labelled=["0"]))["id"] == "5"
    assert found["farthest"]({}, Images({"0": {}, "1": today, "9": today}, labelled=["0"]))["id"] == "9"
    assert found["farthest"]({}, Images({"0": {}, "1": {}}, labelled=["0", "1"])) is None


def test_every_request_to_train_starts_afresh(app):
    task = app.ContinuedTraining("bundle", {})
    task.bundle_path, task.bundle_config_path, task.bundle_config = "bundle", "train.json", {}
    assert task({"epochs": 7}, None) == {"learning_rate": 0.5, "epochs": 7}
    assert task.bundle_config["fresh"]
    handlers = []
    task._load_checkpoint("model.pt", False, handlers)
    assert handlers == []
    task._load_checkpoint("model.pt", True, handlers)
    assert handlers == ["model.pt"]


def test_scores_are_of_probabilities_with_dropout_alone(app):
    task = app.ProbableMasks("bundle", {}, dropout=0.3)
    assert task.words == {"dropout": 0.3, "skip_writer": True}
    (softmax,) = task.post_transforms()
    assert torch.allclose(softmax({"pred": torch.tensor([[0.0], [0.0]])})["pred"], torch.tensor(0.5))
    assert [layer.training for layer in task._get_network("cpu", {})] == [True, False]


def test_the_app_offers_what_is_whole(app, bundle, weights):
    weights(0)
    conf = {"models": f"{bundle.name},broken", "epistemic_model": bundle.name, "epistemic_dropout": "0.3"}
    made = app.AnnotationApp(str(bundle.parent), "studies", conf=conf)
    infers, trainers, strategies, scoring = made.parts
    assert list(infers) == list(trainers) == list(scoring) == [bundle.name]
    assert list(strategies) == ["random", "first", "farthest", "uncertain", "farthest_uncertain"]
    assert scoring[bundle.name].words == {"simulation_size": 5, "max_samples": 0}
    assert scoring[bundle.name].args[0].words["dropout"] == 0.3
    quiet = app.AnnotationApp(str(bundle.parent), "studies", conf={"models": bundle.name, "skip_trainers": "true"})
    assert quiet.parts[1] == quiet.parts[3] == {}
    with pytest.raises(ValueError, match="encoder needs one of the models"):
        app.AnnotationApp(str(bundle.parent), "studies", conf={"models": bundle.name, "encoder": "other"})
