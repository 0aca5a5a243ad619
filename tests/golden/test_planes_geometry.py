"""Lines, their maps and errors, and slice locations agree with numbers that were computed twice from first principles.

End points and distances in mm and pixels, angles in degrees; planes from rounded headers carry their own tolerance.
"""

import json
import math

import pytest
import torch

from medssl.geometry import (
    clip_line,
    dicom_affine,
    distance_form,
    line_angle_deg,
    line_distances,
    line_form,
    line_map,
    line_status,
    lps_ras,
    moved_form,
    pixel_axes,
    relative_locations,
    sine_between,
    slice_affine,
    slice_positions,
    stack_direction,
    unit_form,
)

FILE = "golden/plane_pretext/cases.json"
TOLERANCE = 1e-6
SIGMA_MM = 7.56
IDENTITY = torch.eye(2, dtype=torch.float64)


@pytest.fixture(scope="module")
def numbers(shared):
    return json.loads(shared(FILE).read_text())


def plane(words, spacing=None):
    """RAS affine and size of a plane as the file describes it."""
    if words["form"] == "nifti_ras":
        return slice_affine(words["affine_ras"], words["k"]), words["shape"][:2]
    position, orientation = words["ImagePositionPatient"], words["ImageOrientationPatient"]
    affine = dicom_affine(position, orientation, spacing=spacing or words["PixelSpacing"])
    return affine, [words["Columns"], words["Rows"]]


def planes(case):
    host, size = plane(case["A"])
    return host, plane(case["B"])[0], size


@pytest.fixture(scope="module")
def cases(numbers):
    """Every case with a line, and the tolerance that its numbers allow."""
    found = [case for case in numbers["cases"] if "separation_mm" not in case["expected"]]
    assert len(found) == 24
    return [(case, *planes(case), case.get("tolerance_mm", TOLERANCE)) for case in found]


def test_status(numbers):
    assert len(numbers["cases"]) == 27
    for case in numbers["cases"]:
        host, guest, size = planes(case)
        assert line_status(host, guest, size=size) == case["expected"]["status"], case["id"]


def test_parallel_planes(numbers):
    for case in numbers["cases"]:
        if "separation_mm" in case["expected"]:
            host, guest, _ = planes(case)
            assert abs(float(distance_form(host, guest)[2])) == pytest.approx(
                case["expected"]["separation_mm"], abs=1e-6
            )
            assert line_form(host, guest).isnan().all()


def test_distance_from_the_guest(cases):
    for case, host, guest, _, tolerance in cases:
        expected = torch.tensor(case["expected"]["line_coeff_mm"], dtype=torch.float64)
        torch.testing.assert_close(distance_form(host, guest), expected, rtol=0, atol=tolerance, msg=case["id"])
        assert sine_between(host, guest) == pytest.approx(case["expected"]["sin_theta"], abs=tolerance)


@pytest.mark.parametrize("box", ["centre", "edge"])
def test_ends(cases, box):
    for case, host, guest, size, _ in cases:
        expected = case["expected"][f"endpoints_{box}_box"]
        found = clip_line(line_form(host, guest), size, box=box)
        if expected is None or found is None:
            assert found is expected, case["id"]
        else:
            ends = torch.tensor(expected, dtype=torch.float64)
            either = min(float((found - one).abs().max()) for one in (ends, ends.flip(0)))
            assert either <= case.get("tolerance_px", TOLERANCE), case["id"]


def test_directions(cases):
    """Angles of the line from the step of ``u``, in the pixels' own grid and in mm."""
    for case, host, guest, _, _ in cases:
        form = line_form(host, guest)
        for axes, name in ((IDENTITY, "angle_px_deg"), (pixel_axes(host), "angle_mm_deg")):
            turn = math.radians(case["expected"][name])
            direction = torch.linalg.solve(axes, torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64))
            expected = torch.stack([direction[1], -direction[0], torch.zeros_like(direction[0])])
            assert line_angle_deg(form, expected, axes=axes) <= case.get("tolerance_deg", TOLERANCE), case["id"]


def test_distances_and_heights(cases):
    for case, host, guest, size, tolerance in cases:
        form = line_form(host, guest)
        centre = torch.tensor([(size[0] - 1) / 2, (size[1] - 1) / 2, 1], dtype=torch.float64)
        assert abs(float(form @ centre)) == pytest.approx(case["expected"]["centre_distance_mm"], abs=tolerance)
        for probe in case["expected"]["probe_points"]:
            there = form.clone()
            there[2] = form @ torch.tensor([*probe["uv"], 1], dtype=torch.float64)
            assert abs(float(there[2])) == pytest.approx(probe["distance_mm"], abs=tolerance), case["id"]
            height = float(line_map(there[None], (1, 1), sigma_mm=SIGMA_MM))
            assert height == pytest.approx(probe["heat_unit_peak_sigma_7p56mm"], abs=tolerance), case["id"]


def test_resampled_hosts(numbers):
    forms = {}
    for case in numbers["cases"]:
        host, guest, _ = planes(case)
        forms[case["id"]] = distance_form(host, guest)
    assert len(numbers["relations"]["items"]) == 7
    for item in numbers["relations"]["items"]:
        turned = moved_form(forms[item["old"]], torch.tensor(item["new_index_to_old_index"], dtype=torch.float64))
        torch.testing.assert_close(turned, forms[item["new"]], rtol=0, atol=TOLERANCE, msg=item["new"])


def test_maps(numbers):
    for case in numbers["heat_maps"]:
        host, guest, size = planes(case)
        expected = torch.tensor(case["heat"], dtype=torch.float64).T
        found = line_map(line_form(host, guest)[None], size, sigma_mm=case["sigma_mm"])[0]
        torch.testing.assert_close(found, expected, rtol=0, atol=TOLERANCE)


def test_errors_between_lines(numbers):
    assert len(numbers["line_metrics"]["items"]) == 4
    for item in numbers["line_metrics"]["items"]:
        size, expected = (item["W"], item["H"]), item["expected"]
        axes = torch.diag(torch.tensor([item["column_spacing_mm"], item["row_spacing_mm"]], dtype=torch.float64))
        true, found = (torch.tensor(item[key], dtype=torch.float64) for key in ("true_line", "predicted_line"))
        assert line_angle_deg(true, found, axes=axes) == pytest.approx(expected["angle_error_deg"], abs=TOLERANCE)
        distances = line_distances(true, found, size=size, axes=axes)
        assert float(distances.mean()) == pytest.approx(expected["mean_distance_mm"], abs=TOLERANCE)
        assert float(distances.max()) == pytest.approx(expected["max_distance_mm"], abs=TOLERANCE)
        centre = torch.tensor([(size[0] - 1) / 2, (size[1] - 1) / 2, 1], dtype=torch.float64)
        one, other = (unit_form(form, axes) for form in (true, found))
        offset = float(centre @ one - torch.sign(one[:2] @ other[:2]) * (centre @ other))
        assert abs(offset) == pytest.approx(expected["centre_offset_error_mm"], abs=TOLERANCE)


def test_slice_locations(numbers):
    assert len(numbers["slice_location"]) == 8
    for stack in numbers["slice_location"]:
        affines = [
            dicom_affine(one["ImagePositionPatient"], one["ImageOrientationPatient"], spacing=(1, 1))
            for one in stack["slices"]
        ]
        reference, expected = stack["reference_direction_lps"], stack["expected"]
        direction = lps_ras(stack_direction(affines, reference)).tolist()
        positions = slice_positions(affines, reference)
        assert direction == pytest.approx(expected["direction_lps"], abs=TOLERANCE), stack["id"]
        assert positions == pytest.approx(expected["positions_mm"], abs=TOLERANCE), stack["id"]
        locations = [None if math.isnan(one) else one for one in relative_locations(positions)]
        assert locations == pytest.approx(expected["relative_location"] or [None], abs=TOLERANCE), stack["id"]


@pytest.fixture(scope="module")
def trap(numbers):
    """The one case that records what a common mistake gives, by its key."""
    return lambda key: next(case for case in numbers["cases"] if key in case)


def furthest(ends, other):
    return float((ends - torch.tensor(other, dtype=torch.float64)).abs().max())


def test_swapped_spacings_are_not_ours(trap):
    key = "trap_swapped_spacing_endpoints_centre_box"
    case = trap(key)
    host, guest, size = planes(case)
    assert furthest(clip_line(line_form(host, guest), size), case[key]) > 1
    swapped, _ = plane(case["A"], spacing=case["A"]["PixelSpacing"][::-1])
    assert furthest(clip_line(line_form(swapped, guest), size), case[key]) <= TOLERANCE


def test_mixed_frames_are_not_ours(trap):
    case = trap("trap_no_ras_lps_flip")
    wrong = case["trap_no_ras_lps_flip"]["endpoints_centre_box"]
    host, guest, size = planes(case)
    assert furthest(clip_line(line_form(host, guest), size), wrong) > 1
    assert furthest(clip_line(line_form(lps_ras(host), guest), size), wrong) <= TOLERANCE
