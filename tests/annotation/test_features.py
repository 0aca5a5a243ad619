"""Vectors of images, each computed once."""

import json
import shutil

import numpy as np
import pytest
from monai.bundle import ConfigParser

from medssl.annotation import ImageFeatures
from medssl.samples.writing import write_nifti, write_png
from tests.bundles.reading import FOLDERS


@pytest.fixture
def cached(bundle, tmp_path, weights):
    """Features of the small bundle, and how often an image was encoded."""
    weights(1)

    def make(**words):
        made = ImageFeatures(bundle, cache=tmp_path / "cache", words=words)
        encode, made.count = made.encode, 0

        def counted(image):
            made.count += 1
            return encode(image)

        made.encode = counted
        return made

    return make


def test_only_new_images_are_encoded(cached, images, tmp_path):
    first = cached()
    two = first(images[:2])
    assert (two.shape, two.dtype, first.count) == ((2, 8), np.float32, 2)
    shutil.copy(images[0], tmp_path / "copy.npy")
    all_of_them = first([*images, str(tmp_path / "copy.npy")])
    assert first.count == 3
    assert np.array_equal(all_of_them[[0, 1, 3]], two[[0, 1, 0]])
    later = cached()
    assert np.array_equal(later(images[::-1]), all_of_them[2::-1])
    assert later.count == 0


def test_a_changed_image_is_encoded_anew(cached, images):
    made = cached()
    before = made(images)
    np.save(images[0], np.load(images[1]))
    assert np.array_equal(made(images)[0], before[1])
    np.save(images[0], np.load(images[1]) * 3)
    assert not np.array_equal(made(images)[0], before[1])


def test_other_weights_and_words_have_vectors_of_their_own(cached, images, weights):
    given = ({}, {"brighter": 1.0}, {"pretrained": "scratch"})
    before, louder, untrained = (cached(**words)(images) for words in given)
    weights(2)
    other = cached()
    assert len({array.tobytes() for array in (before, louder, untrained, other(images))}) == 4
    assert other.count == 3
    assert np.array_equal(cached(pretrained="scratch")(images), untrained)


def test_what_is_missing_is_named(bundle, tmp_path, weights):
    with pytest.raises(ValueError, match=r"needs the encoder's weights, there are none at .*pretrained\.pt"):
        ImageFeatures(bundle, cache=tmp_path)
    weights(0)
    with pytest.raises(ValueError, match="needs an image, got none"):
        ImageFeatures(bundle, cache=tmp_path)([])


@pytest.mark.parametrize("bundle_folder", FOLDERS, ids=lambda folder: folder.name)
def test_vectors_are_those_of_the_bundle(bundle_folder, tmp_path):
    metadata = json.loads((bundle_folder / "configs" / "metadata.json").read_text())
    image, noise = tmp_path / "image", np.random.default_rng(0).integers(-200, 300, size=(40, 36, 33))
    if "pillow" in metadata["data_type"]:
        image = write_png(image.with_suffix(".png"), (noise[..., 0] // 2 + 100).astype(np.uint8))
    else:
        image = write_nifti(image.with_suffix(".nii.gz"), noise.astype(np.int16), affine=np.diag([-1.5, -1.5, 1.5, 1]))
    words = {"bundle_root": str(bundle_folder), "usable": [{"image": str(image)}], "num_workers": 0, "handlers": []}
    config = ConfigParser({**ConfigParser.load_config_file(bundle_folder / "configs" / "features.json"), **words})
    evaluator = config.get_parsed_content("evaluator")
    evaluator.run()
    features = ImageFeatures(bundle_folder, cache=tmp_path / "cache")
    assert np.allclose(features([str(image)])[0], evaluator.state.output[0]["pred"], atol=1e-5)
