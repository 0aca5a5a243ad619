"""Our app in a real server: its strategies are the pure functions, on the features and scores that it has."""

import numpy as np
import pytest

from medssl.annotation import ImageFeatures, farthest_first, farthest_uncertain, most_uncertain
from tests.label.annotating import first_loss, put_label, train
from tests.label.our_app import NAME, films, our_server

pytestmark = pytest.mark.label


@pytest.fixture(scope="module")
def radiographs(tmp_path_factory):
    """Radiographs with lung masks, in the order of their names."""
    return films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def server(radiographs, archives, label_python, tmp_path_factory):
    """A server of our app with all radiographs and no label."""
    images = [film["image"] for film in radiographs]
    with our_server(label_python, archives[NAME], images, place=tmp_path_factory.mktemp("ours")) as running:
        yield running


@pytest.fixture(scope="module")
def features(server, radiographs, tmp_path_factory):
    """What the bundle's encoder makes of the radiographs."""
    made = ImageFeatures(server.app / "model" / NAME, cache=tmp_path_factory.mktemp("features"))
    return made([str(film["image"]) for film in radiographs])


def next_images(server, strategy, *, count):
    return [server.ask("POST", f"/activelearning/{strategy}", body={}).json["id"] for _ in range(count)]


def scored(server, names):
    """Epistemic scores of images, once the server has scored those without a label; NaN for the others."""
    answer = server.ask("POST", f"/scoring/{NAME}", body={"device": "cpu"}, run_sync="true")
    assert answer.status == 200, server.said()
    objects = server.ask("GET", "/datastore/", output="all").json["objects"]
    return np.array([objects[name]["image"]["info"].get("epistemic_entropy", np.nan) for name in names])


def test_images_come_as_the_pure_functions_choose_them(server, radiographs, features):
    names, known = [film["image"].stem for film in radiographs], server.ask("GET", "/info/").json
    assert set(known["strategies"]) == {"random", "first", "farthest", "uncertain", "farthest_uncertain"}
    assert (known["labels"], list(known["scoring"])) == (["lungs"], [NAME])
    order: list[int] = []
    for _ in names:
        order.append(farthest_first(features, order))
    assert next_images(server, "farthest", count=len(names)) == [names[one] for one in order]
    labelled = order[:2]
    for one in labelled:
        assert put_label(server, radiographs[one]).status == 200
    assert next_images(server, "farthest", count=2) == [names[farthest_first(features, labelled)]] * 2
    scores = scored(server, names)
    assert np.isnan(scores[labelled]).all()
    assert len(set(np.delete(scores, labelled))) == len(names) - 2
    answer = server.ask("POST", "/activelearning/uncertain", body={}).json
    expected = most_uncertain(scores, labelled)
    assert (answer["id"], answer["score"]) == (names[expected], pytest.approx(scores[expected]))
    both = farthest_uncertain(features, scores, labelled=labelled)
    assert next_images(server, "farthest_uncertain", count=1) == [names[both]]


def test_unknown_strategies_are_refused(server):
    assert server.ask("POST", "/activelearning/nearest", body={}).status == 500
    reason = "no such strategy 'nearest'"
    assert reason in server.said(reason)


def test_nothing_is_left_once_all_are_labelled(server, radiographs):
    for film in radiographs:
        assert put_label(server, film).status == 200
    for strategy in ("farthest", "uncertain", "farthest_uncertain", "random"):
        assert server.ask("POST", f"/activelearning/{strategy}", body={}).json == {}


def test_training_starts_from_the_pretrained_weights_if_the_model_is_not_wanted(
    radiographs, archives, label_python, tmp_path
):
    with our_server(label_python, archives[NAME], [radiographs[0]["image"]], place=tmp_path) as server:
        put_label(server, radiographs[0])
        models = server.app / "model" / NAME / "models"
        wanted, other = (
            first_loss(models.parent, radiographs[0], models / f"{name}.pt") for name in ("pretrained", "model")
        )
        loss = train(server, NAME, pretrained=False)
    assert loss == pytest.approx(wanted, rel=1e-3)
    assert loss != pytest.approx(other, rel=1e-2)
