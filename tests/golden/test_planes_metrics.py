"""Lines read from maps of the golden lines have the golden errors, to what reading them costs."""

import json

import pytest
import torch
from ignite.engine import Engine

from medssl.geometry import line_map, unit_form
from medssl.metrics import LineError

SIGMA_MM = 7.56


@pytest.mark.parametrize(
    ("kind", "name", "tolerance"), [("deg", "angle_error_deg", 0.05), ("mm", "mean_distance_mm", 0.05)]
)
def test_errors_of_lines(shared, kind, name, tolerance):
    items = json.loads(shared("golden/plane_pretext/cases.json").read_text())["line_metrics"]["items"]
    assert len(items) == 4
    for item in items:
        axes = torch.diag(torch.tensor([item["column_spacing_mm"], item["row_spacing_mm"]], dtype=torch.float64))
        true, drawn = (
            unit_form(torch.tensor(item[key], dtype=torch.float64), axes) for key in ("true_line", "predicted_line")
        )
        maps = line_map(drawn[None], (item["W"], item["H"]), sigma_mm=SIGMA_MM)
        output = {"maps": maps[None], "line_forms": true[None, None], "pixel_axes": axes[None]}
        engine = Engine(lambda engine, batch, output=output: output)
        LineError(kind, output_transform=dict).attach(engine, "error")
        found = engine.run([0]).metrics["error"]
        assert found == pytest.approx(item["expected"][name], abs=tolerance), item["id"]
