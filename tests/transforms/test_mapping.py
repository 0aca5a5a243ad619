import inspect

import numpy as np
import pytest
from monai.transforms import Compose, OneOf, RandFlipd

from medssl.transforms import RandInPaint, RandInPaintd, RandLocalShuffle, RandLocalShuffled, RandRepeatedFlipd

IMAGE = np.random.RandomState(0).rand(1, 20, 20)


def test_one_draw_serves_all_keys():
    result = RandLocalShuffled(["image", "volume"]).set_random_state(1)({"image": IMAGE, "volume": 2 * IMAGE})
    assert (result["volume"] == 2 * result["image"]).all()
    assert (result["image"] != IMAGE).any()


def test_each_key_may_have_its_own_draw():
    other = IMAGE[:, :15]  # then shapes may differ
    mapped = RandLocalShuffled(["image", "view"], alike=False).set_random_state(1)
    result = mapped({"image": IMAGE, "view": other})
    one = RandLocalShuffle().set_random_state(1)
    assert (result["image"] == one(IMAGE)).all()
    assert (result["view"] == one(other)).all()


def test_dictionary_form_draws_as_the_array_form():
    state = np.random.RandomState(3)
    array = RandInPaint().set_random_state(state=np.random.RandomState(3))(IMAGE)
    assert (RandInPaintd("image").set_random_state(state=state)({"image": IMAGE})["image"] == array).all()


def test_a_seed_gives_the_draws_of_a_new_state():
    mapped = RandInPaintd("image")
    for seed in (3, 2**32 + 3, np.int64(3)):
        expected = RandInPaint().set_random_state(state=np.random.RandomState(3))(IMAGE)
        assert (mapped.set_random_state(seed)({"image": IMAGE})["image"] == expected).all()


def test_a_given_state_is_never_seeded_anew():
    given = np.random.RandomState(3)
    mapped = RandInPaintd("image").set_random_state(state=given)
    assert mapped.transform.R is given
    mapped.set_random_state(seed=5)
    assert given.rand() == np.random.RandomState(3).rand()


def test_other_entries_and_the_given_dictionary_stay():
    data = {"image": IMAGE, "pattern": 3}
    result = RandInPaintd("image").set_random_state(0)(data)
    assert data["image"] is IMAGE
    assert result["pattern"] == 3


def test_missing_keys():
    with pytest.raises(KeyError, match="volume"):
        RandInPaintd(["image", "volume"])({"image": IMAGE})
    result = RandInPaintd(["volume", "image"], allow_missing_keys=True).set_random_state(0)({"image": IMAGE})
    assert (result["image"] != IMAGE).any()


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"needs one shape, got \{'image': \(1, 20, 20\), 'volume': \(1, 20, 18\)\}"):
        RandRepeatedFlipd(["image", "volume"])({"image": IMAGE, "volume": IMAGE[..., :18]})


def test_reseeding_the_outermost_reaches_everything():
    inner = OneOf([RandLocalShuffled("image"), RandInPaintd("image")])
    pipeline = Compose([RandFlipd("image", prob=0.5), Compose([inner, RandInPaintd("image")])])
    first, other, again = (pipeline.set_random_state(seed=seed)({"image": IMAGE})["image"] for seed in (5, 6, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_signature_tells_the_words():
    words = inspect.signature(RandInPaintd).parameters
    assert list(words) == ["keys", *inspect.signature(RandInPaint).parameters, "alike", "allow_missing_keys"]
    with pytest.raises(TypeError, match="boxs"):
        RandInPaintd("image", boxs=3)
