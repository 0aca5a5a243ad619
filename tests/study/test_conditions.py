"""What a study compares."""

import json

import pytest

from medssl.study import Study, study_of


def study(bundle, **words):
    return Study(bundle=bundle, output=bundle.parent / "out", **{"inits": {"scratch": "scratch"}, **words})


def test_places_are_filled_in_and_other_words_are_overrides(bundle):
    words = {
        "bundle": "{bundle}",
        "inits": {"scratch": "scratch"},
        "output": "{here}/out",
        "seeds": [1],
        "epochs": 3,
        "train_list": "{here}/a.csv",
        "words": {"dataset_dir": "/x"},
    }
    made = study_of(words, {"bundle": bundle, "here": "docs"})
    assert (made.bundle, str(made.output), made.seeds) == (bundle, "docs/out", [1])
    assert made.words == {"epochs": 3, "train_list": "docs/a.csv", "dataset_dir": "/x"}


def test_epochs_by_share_of_the_labels(bundle):
    made = study(bundle, fractions=[0.01, 0.1], words={"epochs": {"0.01": 40, "0.10": 4}})
    assert [made.overrides(run) for run in made.runs()] == [
        {"seed": 0, "label_fraction": 0.01, "epochs": 40},
        {"seed": 0, "label_fraction": 0.1, "epochs": 4},
    ]
    with pytest.raises(ValueError, match=r"need one for 0\.5"):
        made.overrides(study(bundle, fractions=[0.5]).runs()[0])


def test_a_bundle_without_shares_is_not_given_one(bundle):
    (bundle / "configs" / "old.json").rename(bundle / "configs" / "train.json")
    made = study(bundle, seeds=[7])
    assert made.overrides(made.runs()[0]) == {"seed": 7}
    with pytest.raises(ValueError, match=r"train.json has no \['label_fraction'\]"):
        study(bundle, fractions=[0.5])


def test_an_initialisation_may_have_words_of_its_own(bundle):
    made = study(bundle, inits={"a": "scratch", "b": {"pretrained": "scratch", "part": "all"}})
    assert made.starts == {"a": {"pretrained": "scratch"}, "b": {"pretrained": "scratch", "part": "all"}}
    assert [run.pretrained for run in made.runs()] == ["scratch", "scratch"]
    assert len({made.fingerprint(run) for run in made.runs()}) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"config": "pretrain"}, r"one of \['train', 'classify'\], got 'pretrain'", id="config"),
        pytest.param({"words": {"epoch": 3}}, r"train.json has no \['epoch'\]", id="word"),
        pytest.param({"evaluate": {"parts": "test"}}, r"no \['parts'\]", id="word-of-evaluation"),
        pytest.param({"inits": {"a": {"pretrained": "scratch", "frozen": 1}}}, r"no \['frozen'\]", id="word-of-init"),
        pytest.param({"without": ["Histories"]}, r"no \['Histories'\]", id="handler"),
        pytest.param({"inits": {"a": "scratch", "b": "b.pt"}}, r"1 of 2 inits have no file: \['b'\]", id="weights"),
        pytest.param({"tunings": ["knn"]}, r"some of \['full', 'frozen', 'linear'\], got \['knn'\]", id="tuning"),
        pytest.param({"words": {"seed": 3}}, r"sets \['seed'\] itself; give \['seeds'\]", id="own"),
    ],
)
def test_bad_words_are_named(bundle, words, message):
    with pytest.raises(ValueError, match=message):
        study(bundle, **words)


def test_the_fingerprint_tells_what_matters(bundle, tmp_path):
    weights, listing = tmp_path / "a.pt", tmp_path / "list.csv"
    weights.write_bytes(b"one")
    listing.write_text("image\na\n")
    inits = {"ours": str(weights)}

    def seen(**words):
        made = study(bundle, **{"inits": inits, "words": {"train_list": str(listing)}, **words})
        return made.fingerprint(made.runs()[0])

    before = seen()
    assert seen() == before
    assert seen(seeds=[1]) != before
    assert seen(fractions=[0.5]) != before
    assert seen(overlays=["demo"]) != before
    assert seen(config="classify") != before
    assert seen(evaluate={"part": "test"}) != before
    assert seen(words={"train_list": str(listing), "epochs": 2}) != before
    listing.write_text("image\nb\n")
    changed = seen()
    weights.write_bytes(b"two")
    assert len({before, changed, seen()}) == 3


def test_where_images_and_weights_lie_does_not_matter(bundle, tmp_path):
    prints = []
    for place in ("x", "y"):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{place}.pt").write_bytes(b"same")
        made = study(
            bundle,
            inits={"ours": str(tmp_path / place / f"{place}.pt")},
            words={"dataset_dir": str(tmp_path / place / "images")},
        )
        prints.append(made.fingerprint(made.runs()[0]))
    assert prints[0] == prints[1]


def test_what_learns_is_said_by_the_configs_own_words(bundle):
    made = study(bundle, config="classify", tunings=["full", "frozen", "linear", "knn"])
    full, frozen, linear, knn = made.runs()
    assert made.overrides(frozen) == {**made.overrides(full), "freeze_encoder": "@epochs"}
    assert made.overrides(linear) == made.overrides(full)
    assert len({made.fingerprint(run) for run in made.runs()}) == 4
    assert made.fingerprint(full) == study(bundle, config="classify").fingerprint(full)
    assert made.preparation(linear) == made.preparation(knn)


def test_features_are_of_other_images_if_a_word_differs(bundle):
    def prepared(**words):
        made = study(bundle, tunings=["linear"], **words)
        return made.preparation(made.runs()[0])

    assert prepared(seeds=[1], fractions=[0.5], words={"epochs": 3}) == prepared()
    assert prepared(words={"part": "all"}) != prepared()


def test_remarks_do_not_change_a_config(bundle):
    before, file = study(bundle).config_hash(), bundle / "configs" / "train.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "_desc_": "Still nothing."}, indent=4))
    assert study(bundle).config_hash() == before
    file.write_text(json.dumps({**config, "epochs": 2}))
    assert study(bundle).config_hash() != before
