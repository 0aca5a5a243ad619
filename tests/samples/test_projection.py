import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from medssl.samples.projection import Beam, project

SHAPE = (11, 9, 13)


def spot(*voxel):
    volume = torch.zeros(1, *SHAPE)
    volume[(0, *voxel)] = 1
    return volume


def peak(picture):
    return tuple(int(i) for i in np.unravel_index(int(picture[0].argmax()), picture.shape[1:]))


def test_path_through_a_slab_by_hand():
    paths = project(torch.full((1, 4, 7, 4), 3.0), 2.0, beam=Beam((3.0, 6.0, 3.0), 1800.0), rays=1)
    assert paths.item() == pytest.approx(3 * 7 * 2)  # the middle ray goes straight
    wide = project(torch.ones(1, 4, 7, 4), 2.0, beam=Beam((3.0, 6.0, 3.0), 1800.0), rays=2)
    assert wide.flatten().tolist() == pytest.approx([14 * np.sqrt(1 + 2 * 0.25**2)] * 4)


def test_spot_at_the_centre_stays_there_however_the_patient_stands():
    for angles in ((0, 0, 0), (5, -4, 2), (-30, 20, 40)):
        picture = project(spot(5, 4, 6), 1.0, beam=Beam((5.0, 4.0, 6.0), 15.0, angles), rays=15)
        assert peak(picture) == (7, 7)


def test_left_is_on_the_right_and_the_head_on_top():
    beam = Beam((5.0, 4.0, 6.0), 15.0)
    assert peak(project(spot(8, 4, 6), 1.0, beam=beam, rays=15)) == (10, 7)
    assert peak(project(spot(5, 4, 9), 1.0, beam=beam, rays=15)) == (7, 4)


@pytest.mark.parametrize(
    ("angles", "voxel", "expected"),
    [
        pytest.param((90, 0, 0), (5, 1, 6), (7, 4), id="tilts-back"),
        pytest.param((0, 90, 0), (5, 7, 6), (10, 7), id="turns-to-the-right"),
        pytest.param((0, 0, 20), (9, 4, 6), (11, 5), id="leans-to-the-right"),
    ],
)
def test_patient_turns_about_the_centre(angles, voxel, expected):
    picture = project(spot(*voxel), 1.0, beam=Beam((5.0, 4.0, 6.0), 15.0, angles), rays=15)
    assert peak(picture) == expected


def test_what_is_nearer_to_the_tube_is_larger():
    beam = Beam((0.0, 0.0, 0.0), 360.0)
    for depth, size in ((0.0, 1650 / 1800), (100.0, 1550 / 1800), (-150.0, 1.0)):
        points = beam.plane(depth, 7)
        assert torch.allclose(points[0, :, 3], 360 * size * torch.arange(-3, 4) / 7, atol=1e-3)
        assert torch.allclose(points[1], torch.tensor(depth), atol=1e-3)


def test_rays_are_those_of_the_definition():
    volume = np.random.default_rng(0).random(SHAPE)
    centre, field, spacing = np.array([9.0, 8.0, 13.0]), 20.0, 2.0
    ours = project(torch.from_numpy(volume)[None].float(), spacing, beam=Beam(centre.tolist(), field), rays=4)[0]
    tube = centre + np.array([0, 1650, 0])
    for column in range(4):
        for row in range(4):
            pixel = centre + np.array([(column + 0.5) * 5 - 10, -150, 10 - (row + 0.5) * 5])
            total = 0.0
            for plane in range(SHAPE[1]):
                share = (tube[1] - plane * spacing) / 1800
                point = (tube + share * (pixel - tube)) / spacing
                total += map_coordinates(volume, point[:, None], order=1, mode="nearest")[0]
            length = spacing * np.linalg.norm(pixel - tube) / 1800
            assert float(ours[column, row]) == pytest.approx(total * length, rel=1e-4)


def test_channels_are_added_up_alone():
    volume = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0))
    beam = Beam((5.0, 4.0, 6.0), 12.0, (3, 2, 1))
    together = project(volume, 1.0, beam=beam, rays=6)
    for channel in range(3):
        assert torch.allclose(project(volume[channel : channel + 1], 1.0, beam=beam, rays=6)[0], together[channel])
