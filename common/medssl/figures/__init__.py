"""Every picture: arrays in, PNG out."""

from medssl.figures.curves import draw_curves
from medssl.figures.gallery import draw_gallery
from medssl.figures.heat_maps import draw_heat_map
from medssl.figures.label_curves import draw_label_curves
from medssl.figures.matches import draw_matches
from medssl.figures.outlines import draw_outlines
from medssl.figures.overlay import draw_overlay
from medssl.figures.plane_strips import PlaneExample, draw_plane_strips
from medssl.figures.score_bars import draw_score_bars
from medssl.figures.strips import draw_strips
from medssl.figures.study_lines import draw_study

__all__ = [
    "PlaneExample",
    "draw_curves",
    "draw_gallery",
    "draw_heat_map",
    "draw_label_curves",
    "draw_matches",
    "draw_outlines",
    "draw_overlay",
    "draw_plane_strips",
    "draw_score_bars",
    "draw_strips",
    "draw_study",
]
