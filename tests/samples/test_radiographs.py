from dataclasses import replace

import numpy as np
import pytest

from medssl.samples import ORGANS, Scan, chest_ct, simulate_radiograph
from medssl.samples.radiographs import aim, attenuation, develop, lung_fields, without_contrast

CT = chest_ct().resampled(4.0)
SMALL = {"rays": 64, "side": 64}


def organ(name):
    return CT.label == ORGANS.index(name) + 1


@pytest.fixture
def noiseless(monkeypatch):
    monkeypatch.setattr("medssl.samples.radiographs.PHOTONS", 1e15)
    monkeypatch.setattr("medssl.samples.radiographs.SHARPENING", ())


def test_attenuation_by_hand():
    hu = np.array([-1024, -1000, -500, 0, 100, 275, 400, 1000])
    expected = [0, 0, 0.5, 1, 1.1, 1.275 * 1.25, 1.4 * 1.5, 2 * 1.5]
    assert attenuation(hu) == pytest.approx(0.019 * np.array(expected))


def test_lungs_are_dark_and_bones_bright():
    film = simulate_radiograph(CT, **SMALL)
    lungs, spine = film.picture[film.lungs == 1], film.picture[30:34, 20:60]
    assert film.picture.dtype == film.lungs.dtype == np.uint8
    assert film.picture.shape == film.lungs.shape == (64, 64)
    assert lungs.mean() < 90
    assert spine.mean() > 180
    assert (lungs < film.picture[film.lungs == 0].mean()).mean() > 0.95


def test_film_is_looked_at_from_the_front():
    lungs = simulate_radiograph(CT, **SMALL).lungs
    assert lungs[:, :32].sum() > 2 * lungs[:, 40:].sum()  # the head is on top
    assert lungs[18:30, 30:38].sum() > 3 * lungs[34:46, 30:38].sum()  # the heart, right of the middle, hides lung


def test_lung_fields_are_where_the_lungs_are(noiseless):
    film = simulate_radiograph(CT, **SMALL)
    air = replace(CT, image=np.where(organ("lungs"), CT.image, -1000).astype(np.int16))
    depth = simulate_radiograph(air, **SMALL).brightness
    depth -= np.median(depth[:, :4])
    assert depth[film.lungs == 1].mean() > 10 * np.abs(depth[:4]).mean()
    assert (depth[film.lungs == 1] > 0.1 * depth.max()).mean() > 0.97


def test_same_seed_gives_the_same_film_and_another_one_another_pose():
    one, same, other = (simulate_radiograph(CT, seed=seed, **SMALL) for seed in ((0, 1), (0, 1), (0, 2)))
    assert np.array_equal(one.brightness, same.brightness)
    assert np.array_equal(one.lungs, same.lungs)
    assert 0 < (one.lungs != other.lungs).mean() < 0.1


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        pytest.param(CT, {"rays": 32, "side": 64}, id="fewer-rays"),
        pytest.param(CT.resampled(8.0), SMALL, id="larger-voxels"),
    ],
)
def test_fewer_rays_and_larger_voxels_show_the_same(scan, words, noiseless):
    fine, coarse = simulate_radiograph(CT, **SMALL), simulate_radiograph(scan, **words)
    assert np.corrcoef(fine.picture.ravel(), coarse.picture.ravel())[0, 1] > 0.97
    assert (fine.lungs == coarse.lungs).mean() > 0.95
    assert coarse.pixel_mm == pytest.approx(fine.pixel_mm, rel=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_box_holds_the_nodule_and_nothing_else(seed, noiseless):
    clear, film = (simulate_radiograph(CT, seed=seed, nodule=nodule, **SMALL) for nodule in (False, True))
    added = film.brightness - clear.brightness
    x, y, width, height = film.box
    inside = np.zeros(added.shape, bool)
    inside[x : x + width, y : y + height] = True
    peak = np.unravel_index(added.argmax(), added.shape)
    assert inside[peak]
    assert np.abs(added[~inside]).max() < 0.35 * added.max()
    assert 15 < width * film.pixel_mm < 40
    assert abs(width - height) <= 2
    assert film.lungs[inside].mean() > 0.7
    assert clear.box == []


def test_contrast_medium_is_gone_and_bone_is_not():
    hu = without_contrast(CT)
    assert CT.image[organ("heart")].mean() > 200
    assert hu[organ("heart") | organ("aorta")].max() <= 60
    assert np.array_equal(hu[organ("vertebrae")], CT.image[organ("vertebrae")])
    assert hu[~organ("vertebrae")].max() <= 900
    ribs = (CT.image > 300) & (CT.label == 0)
    ribs[20:70] = ribs[:, :, 58:] = False  # at the sides, below the vein that the medium came by
    assert ribs.sum() > 400
    assert np.array_equal(hu[ribs], CT.image[ribs])


def test_film_holds_the_lungs_and_ends_with_the_scan():
    beam = aim(CT, np.zeros(3))
    places = np.argwhere(organ("lungs")) * 4.0
    assert beam.field_mm == pytest.approx(1.16 * (np.ptp(places[:, 0]) + 4))
    top = beam.centre[2] + beam.field_mm / 2
    assert top == pytest.approx(min(places[:, 2].max() + 25, 82 * 4))


def test_brightness_by_hand(noiseless):
    depth = np.full((20, 20), 4.0)
    depth[:5] = 2
    shown = develop(depth, lungs=depth < 3, generator=np.random.default_rng(0))
    assert shown[0, 0] == pytest.approx((0.35 / 2.45) ** 0.9, abs=1e-4)
    assert shown[-1, -1] == pytest.approx((2.35 / 2.45) ** 0.9, abs=1e-4)


def test_noise_grows_with_depth():
    depth = np.full((200, 200), 2.0)
    depth[100:] = 5
    shown = develop(depth, lungs=depth < 3, generator=np.random.default_rng(0))
    assert shown[120:180].std() > 3 * shown[20:80].std()


def test_lung_fields_by_hand():
    paths = np.zeros((4, 100, 100))
    paths[0, 10:40, 10:80] = paths[0, 60:90, 10:80] = paths[0, 45:48, 90:93] = 20  # lungs and a speck
    paths[0, 20:22, 20:22] = 0  # a hole
    paths[1, 60:75, 50:80] = 30  # heart before one of them
    paths[2, :, 78:] = paths[3, :, :12] = 20  # not enough abdomen to count, but enough spine
    expected = np.zeros((100, 100), bool)
    expected[10:40, 12:80] = expected[60:90, 12:80] = True
    expected[60:75, 50:80] = False
    fields = lung_fields(paths)
    assert (fields != expected).sum() <= 10  # corners are rounded
    assert fields[20:22, 20:22].all()
    assert not fields[44:49].any()


def test_picture_cuts_what_is_too_dark_or_too_bright():
    film = replace(simulate_radiograph(CT, **SMALL), brightness=np.array([[-0.5, 0.0], [0.5, 1.7]]))
    assert film.picture.tolist() == [[0, 0], [128, 255]]


@pytest.mark.parametrize(
    ("scan", "words", "message"),
    [
        pytest.param(
            Scan(CT.image, CT.label, np.diag([4.0, 4, 4, 1])), {}, r"got \('R', 'A', 'S'\); reorient", id="axes"
        ),
        pytest.param(Scan(CT.image, CT.label * 0, CT.affine), {}, r"needs lungs \(label 1\)", id="no-lungs"),
        pytest.param(CT, {"rays": 0}, "at least 1, got 0 and 512", id="no-rays"),
        pytest.param(CT, {"side": -3}, "at least 1, got 256 and -3", id="no-pixels"),
    ],
)
def test_what_gives_no_film_is_refused(scan, words, message):
    with pytest.raises(ValueError, match=message):
        simulate_radiograph(scan, **words)
