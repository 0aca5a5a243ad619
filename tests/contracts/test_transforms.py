"""What every random transform must do, over all that `medssl.transforms` lists."""

import inspect
import pickle
from itertools import product

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform, Randomizable

from medssl import transforms

LISTED = {name: getattr(transforms, name) for name in transforms.__all__}
RANDOM = {name: one for name, one in LISTED.items() if inspect.isclass(one) and issubclass(one, Randomizable)}
MAPS = [one for one in RANDOM.values() if issubclass(one, MapTransform) and hasattr(one, "array_class")]
ARRAYS = [one for one in RANDOM.values() if not issubclass(one, MapTransform) and not inspect.isabstract(one)]
SHAPES = {"volume": (2, 32, 48, 16), "plane": (2, 32, 48)}
SEEDS = range(8)

PARTS = [transforms.RandResizedCrop]  # what comes out shows a part of the image

every = pytest.mark.parametrize("transform", ARRAYS, ids=lambda one: one.__name__)
every_shape = pytest.mark.parametrize(
    ("transform", "shape"),
    [
        pytest.param(one, shape, id=f"{one.__name__}-{name}")
        for one, (name, shape) in product(ARRAYS, SHAPES.items())
        if len(shape) - 1 in one.spatial_dims
    ],
)


def image_of(transform, shape):
    image = np.random.RandomState(0).rand(*shape)
    return (256 * image).astype(np.uint8) if transform.values == "bytes" else image.astype(np.float32)


def plain(image):
    return image.numpy() if isinstance(image, torch.Tensor) else image


def results(transform, image, seeds=SEEDS):
    return [plain(transform().set_random_state(seed)(image)) for seed in seeds]


def as_numpy(image):
    return image


def as_tensor(image):
    return torch.from_numpy(image.copy())


def as_meta_tensor(image):
    affine = torch.tensor([[0, 2.0, 0, 5], [-1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]], dtype=torch.float64)
    return MetaTensor(as_tensor(image), affine=affine, meta={"made": "here"})


kinds = pytest.mark.parametrize("kind", [as_numpy, as_tensor, as_meta_tensor], ids=["numpy", "tensor", "meta-tensor"])


@every
def test_there_is_a_dictionary_form(transform):
    assert RANDOM[f"{transform.__name__}d"].array_class is transform


def test_there_is_an_array_form_of_each_dictionary_form():
    assert {one.array_class for one in MAPS} == set(ARRAYS)


@every
def test_docstring_says_what_it_takes_and_where_it_comes_from(transform):
    lines = {line.strip() for line in inspect.getdoc(transform).splitlines()}
    assert {"Args:", "Source:"} <= lines
    words = set(inspect.signature(transform).parameters)
    assert words <= {line.split(":")[0] for line in lines}


@every_shape
def test_seed_decides(transform, shape):
    image = image_of(transform, shape)
    first, again = results(transform, image), results(transform, image)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert len({result.tobytes() for result in first}) > 1


@every_shape
def test_successive_draws_differ(transform, shape):
    one, image = transform().set_random_state(0), image_of(transform, shape)
    assert len({one(image).tobytes() for _ in range(30)}) > 1


@every_shape
def test_global_random_states_are_not_touched(transform, shape):
    np.random.seed(0)
    torch.manual_seed(0)
    before = np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()
    results(transform, image_of(transform, shape))
    assert (np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()) == before


@every_shape
@kinds
def test_result_is_what_the_input_was(transform, shape, kind):
    image = kind(image_of(transform, shape))
    before = plain(image).copy()
    for seed in SEEDS:
        result = transform().set_random_state(seed)(image)
        assert type(result) is type(image)
        assert (result.dtype, result.shape) == (image.dtype, image.shape)
        assert (plain(image) == before).all(), "the input was written to"


@every_shape
def test_read_only_input_is_enough(transform, shape):
    image = image_of(transform, shape)
    image.flags.writeable = False
    expected = results(transform, image_of(transform, shape))
    assert all((a == b).all() for a, b in zip(results(transform, image), expected, strict=True))


@every_shape
def test_all_kinds_of_input_give_the_same(transform, shape):
    given = image_of(transform, shape)
    for seed in SEEDS:
        first, *others = (
            plain(transform().set_random_state(seed)(kind(given))) for kind in (as_numpy, as_tensor, as_meta_tensor)
        )
        assert all((other == first).all() for other in others)


def corners(image):
    ends = [(0, length - 1) for length in image.shape[1:]] + [(0,)] * (4 - image.ndim)
    places = torch.tensor([[*place, 1.0] for place in product(*ends)]).double()
    return {tuple(corner) for corner in (places @ image.affine.T).tolist()}


@every_shape
def test_meta_tensor_keeps_its_place_in_the_world(transform, shape):
    image = as_meta_tensor(image_of(transform, shape))
    for seed in SEEDS:
        result = transform().set_random_state(seed)(image)
        assert (corners(result) == corners(image)) != (transform in PARTS)
        assert result.meta["made"] == "here"


@every_shape
def test_chance_0_changes_nothing(transform, shape):
    image = image_of(transform, shape)
    assert all((transform(prob=0).set_random_state(seed)(image) == image).all() for seed in SEEDS)


@every
@pytest.mark.parametrize("prob", [-0.1, 1.5])
def test_impossible_chances_are_refused(transform, prob):
    with pytest.raises(ValueError, match=rf"{transform.__name__} needs prob in \[0, 1\], got {prob}"):
        transform(prob=prob)


@every_shape
def test_dictionary_form_does_the_same(transform, shape):
    image = image_of(transform, shape)
    mapped = RANDOM[f"{transform.__name__}d"]("image")
    for seed in SEEDS:
        expected = transform().set_random_state(state=np.random.RandomState(seed))(image)
        mapped.set_random_state(state=np.random.RandomState(seed))
        assert (mapped({"image": image})["image"] == expected).all()


@every_shape
def test_travels_to_another_process(transform, shape):
    image = image_of(transform, shape)
    for one in (transform(), RANDOM[f"{transform.__name__}d"]("image")):
        data = {"image": image} if isinstance(one, MapTransform) else image
        copy = pickle.loads(pickle.dumps(one))
        first, second = (each.set_random_state(0)(data) for each in (one, copy))
        same = [first["image"], second["image"]] if isinstance(one, MapTransform) else [first, second]
        assert (same[0] == same[1]).all()


@every
@pytest.mark.parametrize("shape", [(28, 24), (1, 1, 28, 24, 16), (1, 28, 0)], ids=["no-channel", "batch", "empty"])
def test_what_is_no_image_is_refused_with_its_shape(transform, shape):
    with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        transform()(np.zeros(shape, dtype=np.float32))
