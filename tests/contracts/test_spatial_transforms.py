"""What every spatial transform ahead of a line must do, measured in mm: the affine says where each pixel came from.

The image holds its own world coordinates, which are linear, so that linear interpolation is exact; a last channel is 1
but for the image's rim, and tells which pixels no padding and no rim has touched.
"""

import json

import pytest
import torch
from monai import transforms
from monai.data import MetaTensor

from medssl.geometry import dicom_affine, normal, voxel_size
from tests.sources import ROOT

SIZE = (40, 30, 1)
SPACING = (0.9, 1.3)  # rows, columns
TURN = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)).double())[0]
AFFINE = dicom_affine((-31, 57, -12), [*TURN[0].tolist(), *TURN[1].tolist()], spacing=SPACING, thickness=8)
EXACT_MM = 1e-4  # float32 rounds coordinates of about 100 mm to 1e-5
IN_PLANE = (0.0, 0.0, 0.3)

# By the name that a config gives, the words for a single plane (1, W, H, 1).
MEASURED = {
    "Spacingd": [{"pixdim": (1.0, 1.0, -1), "mode": "bilinear"}, {"pixdim": (2.0, 0.7, -1), "mode": "bilinear"}],
    "RandAffined": [
        {
            "prob": prob,
            "spatial_size": size,
            "rotate_range": IN_PLANE,
            "scale_range": (0.1, 0.1, 0.0),
            "translate_range": (5, 3, 0),
            "shear_range": shear,
            "mode": "bilinear",
            "padding_mode": "zeros",
        }
        for prob in (0.0, 1.0)
        for size in ((33, 44, 1), (40, 30, 1))
        for shear in (None, (0.1, 0.0, 0.2, 0.0, 0.0, 0.0))
    ],
    "RandRotated": [{"prob": 1, "range_z": 0.4, "keep_size": keep, "mode": "bilinear"} for keep in (True, False)],
    "Rotated": [{"angle": (0, 0, 0.4), "keep_size": keep, "mode": "bilinear"} for keep in (True, False)],
    "RandZoomd": [
        {
            "prob": 1,
            "min_zoom": (low, low, 1),
            "max_zoom": (low + 0.1, low + 0.1, 1),
            "keep_size": keep,
            "mode": "trilinear",
            "padding_mode": "constant",
        }
        for low in (0.8, 1.1)
        for keep in (True, False)
    ],
    "Resized": [{"spatial_size": (24, 20, -1), "mode": "bilinear"}],
    "ResizeWithPadOrCropd": [{"spatial_size": (33, 44, -1)}, {"spatial_size": (52, 21, -1)}],
    "CenterSpatialCropd": [{"roi_size": (33, 20, -1)}],
    "RandSpatialCropd": [{"roi_size": (33, 20, 1), "random_size": False}],
    "SpatialCropd": [{"roi_start": (3, 4, 0), "roi_end": (30, 28, 1)}],
    "SpatialPadd": [{"spatial_size": (51, 44, -1)}],
    "Flipd": [{"spatial_axis": axis} for axis in (0, 1)],
    "RandFlipd": [{"prob": 1, "spatial_axis": axis} for axis in (0, 1)],
    "Rotate90d": [{"k": turns, "spatial_axes": (0, 1)} for turns in (1, 2, 3)],
    "RandRotate90d": [{"prob": 1, "max_k": 3, "spatial_axes": (0, 1)}],
}
CASES = [
    pytest.param(name, words, id=f"{name}-{number}")
    for name, several in MEASURED.items()
    for number, words in enumerate(several)
]


def places(size, affine):
    """World coordinates of every pixel, ``(3, *size)``."""
    pixels = torch.stack(torch.meshgrid(*(torch.arange(n).double() for n in size), indexing="ij"))
    return torch.tensordot(affine[:3, :3], pixels, dims=1) + affine[:3, 3].reshape(3, *[1] * len(size))


def image(size=SIZE):
    values = torch.cat([places(size, AFFINE), torch.zeros(1, *size, dtype=torch.float64)])
    values[3, 1:-1, 1:-1] = 1
    return MetaTensor(values.float(), affine=AFFINE)


def errors_mm(result):
    """How far pixels lie from where the affine says; there must be some to tell by."""
    values = result.as_tensor() if result.ndim == 4 else result.as_tensor()[..., None]
    inside = values[3] > 1 - 1e-5
    assert inside.double().mean() > 0.1
    away = values[:3].double() - places(values.shape[1:], result.affine)
    return away.norm(dim=0)[inside]


def apply(name, words):
    transform = getattr(transforms, name)("image", **words)
    if isinstance(transform, transforms.Randomizable):
        transform.set_random_state(3)
    return transform({"image": image()})["image"]


@pytest.mark.parametrize(("name", "words"), CASES)
def test_pixels_lie_where_the_affine_says(name, words):
    result = apply(name, words)
    assert result.shape[-1] == 1
    assert result.affine.shape == (4, 4)
    assert float(errors_mm(result).max()) < EXACT_MM
    torch.testing.assert_close(normal(result.affine).abs(), normal(AFFINE).abs(), rtol=0, atol=1e-9)


def test_spacing_is_what_was_asked_for():
    sizes = voxel_size(apply("Spacingd", MEASURED["Spacingd"][0]).affine).tolist()
    assert sizes == pytest.approx([1, 1, 8])


def test_a_chain_of_all_kinds_is_exact():
    chain = [("Spacingd", 1), ("RandFlipd", 0), ("RandAffined", 7), ("RandZoomd", 0), ("Rotate90d", 0)]
    data = {"image": image()}
    for name, number in chain:
        transform = getattr(transforms, name)("image", **MEASURED[name][number])
        data = (
            transform.set_random_state(1)(data) if isinstance(transform, transforms.Randomizable) else transform(data)
        )
    assert float(errors_mm(data["image"]).max()) < EXACT_MM


def squeezed():
    return transforms.SqueezeDimd("image", dim=-1)({"image": image()})["image"]


def test_squeezing_loses_the_third_dimension():
    assert squeezed().affine.shape == (3, 3)
    assert image().squeeze(-1).affine.shape == (4, 4)


def test_spacing_of_a_flat_image_is_not_what_was_asked_for():
    flat = image().squeeze(-1)
    sizes = voxel_size(transforms.Spacing((1.0, 1.0))(flat).affine)[:2]
    assert float((sizes - 1).abs().max()) > 0.02


def test_rotation_without_axes_leaves_the_plane():
    turned = transforms.RandAffine(prob=1, rotate_range=0.3, padding_mode="border").set_random_state(0)(image())
    assert float(normal(turned.affine) @ normal(AFFINE)) < 0.999


def test_longest_side_stretches_the_thickness():
    assert transforms.Resize(80, size_mode="longest")(image()).shape[-1] == 2


def test_one_affine_for_images_of_two_sizes_drifts():
    data = {"image": image(), "other": image((50, 36, 1))}
    moved = transforms.RandAffined(["image", "other"], prob=1, rotate_range=IN_PLANE).set_random_state(0)(data)
    assert float(errors_mm(moved["image"]).max()) < EXACT_MM
    assert float(errors_mm(moved["other"]).min()) > 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plane: torch.flip(plane, (1,)), id="torch-flip"),
        pytest.param(lambda plane: plane[:, 5:], id="slicing"),
        pytest.param(lambda plane: torch.rot90(plane, 1, (1, 2)), id="torch-rot90"),
        pytest.param(transforms.Transpose((0, 2, 1, 3)), id="transpose"),
        pytest.param(
            transforms.Affine(rotate_params=IN_PLANE, spatial_size=(52, 44, 1), align_corners=True, image_only=True),
            id="corners",
        ),
        pytest.param(
            transforms.Rand2DElastic((10, 10), (2, 3), prob=1, padding_mode="border").set_random_state(0), id="elastic"
        ),
    ],
)
def test_what_is_not_used_drifts(change):
    given = image().squeeze(-1) if isinstance(change, transforms.Rand2DElastic) else image()
    assert float(errors_mm(change(given)).max()) > 0.02


def pipelines(node):
    """Lists of transforms, anywhere in a config, that draw lines."""
    if isinstance(node, dict):
        return [found for each in node.values() for found in pipelines(each)]
    if not isinstance(node, list):
        return []
    targets = [each.get("_target_", "") for each in node if isinstance(each, dict)]
    inner = [found for each in node for found in pipelines(each)]
    return [targets, *inner] if "medssl.transforms.PlaneLinesd" in targets else inner


def is_spatial(name):
    found = getattr(transforms, name, None)
    return found is not None and found.__module__.split(".")[2] in {"spatial", "croppad"}


def complaints(targets):
    """Spatial transforms of a pipeline that were not measured here, or come behind the lines."""
    behind = targets[targets.index("medssl.transforms.PlaneLinesd") :]
    spatial = [name for name in targets if is_spatial(name)]
    return [name for name in spatial if name not in MEASURED or name in behind]


def test_pipelines_that_draw_lines_use_what_was_measured():
    paths = sorted((ROOT / "bundles").glob("*/configs/*.json"))
    found = {path: pipelines(json.loads(path.read_text())) for path in paths}
    assert any(found.values())
    assert {path.name: [complaints(each) for each in several] for path, several in found.items() if several} == {
        path.name: [[] for _ in several] for path, several in found.items() if several
    }


def test_a_pipeline_of_others_is_noticed():
    lines = "medssl.transforms.PlaneLinesd"
    assert complaints(["Spacingd", "Rand2DElasticd", "ScaleIntensityd", lines, "RandFlipd"]) == [
        "Rand2DElasticd",
        "RandFlipd",
    ]
    assert pipelines({"a": [{"b": [{"_target_": "Flipd"}, {"_target_": lines}]}]}) == [["Flipd", lines]]
