"""Data lists, patient splits, studies of planes, discovered patterns, crop store, keyed random draws."""

from medssl.data.boxes import boxed_cases
from medssl.data.cases import find_cases
from medssl.data.classes import require_classes
from medssl.data.coordinates import CoordinateSearch, Resolutions
from medssl.data.crop_store import StoredVolumes, stored_cases
from medssl.data.discovery import Cohort, SelfDiscovery
from medssl.data.displacements import Displacement, read_displacement, true_partner
from medssl.data.facts import image_facts, plane_facts
from medssl.data.files import content_hash, fingerprint, image_files, matched_files, stem
from medssl.data.grey_copies import GreyImages, grey_copies
from medssl.data.inspection import data_hash, usable_cases
from medssl.data.keyed import EpochSampler, KeyedDataset, KeyedLoader
from medssl.data.labelled import labelled_cases
from medssl.data.labels import label_fraction
from medssl.data.listings import read_listing
from medssl.data.match_examples import MatchExample, match_examples
from medssl.data.match_search import MatchSearch, foreground_points
from medssl.data.match_table import load_matches, match_volumes, place_matches, same_patient_matches, source_id
from medssl.data.matched_pairs import MatchedPairs
from medssl.data.matching import Embedded, Grid, NormalisedPlace, SamePatient, match_points
from medssl.data.outputs import (
    is_whole,
    is_whole_nifti,
    is_whole_png,
    output_name,
    output_name_formatter,
    root_of_cases,
    unfinished_cases,
)
from medssl.data.pattern_table import PatternCubes, discover_patterns, gallery_cubes, load_patterns
from medssl.data.patterns import cut_cube, dense_weight, nearest, resize_in_plane
from medssl.data.plane_profiles import PlaneImage, agreements, line_profiles, profile_shifts, shared_segments
from medssl.data.plane_repairs import EVERY_PLANE, Verdict, judge_geometry
from medssl.data.planes import PlaneReader, read_plane
from medssl.data.preparing import prepare_volume
from medssl.data.reading import CaseReader, read_image
from medssl.data.records import read_json, write_json
from medssl.data.replacing import replacing, write_whole
from medssl.data.rows import read_rows, write_rows
from medssl.data.series import dicom_patient, is_dicom, series_files, series_in
from medssl.data.splits import split_cases
from medssl.data.stored_studies import load_studies, stored_studies, write_studies
from medssl.data.stored_volume import open_stored, read_crop, read_stored, write_stored
from medssl.data.study_checks import named_stacks, plane_images, study_warnings
from medssl.data.study_files import read_planes, series_description
from medssl.data.study_hosts import StudyHosts
from medssl.data.study_planes import StudyImage, StudyPlane
from medssl.data.study_stacks import stacked
from medssl.data.study_store import StudyStore
from medssl.data.words import known_words, switch

__all__ = [
    "EVERY_PLANE",
    "CaseReader",
    "Cohort",
    "CoordinateSearch",
    "Displacement",
    "Embedded",
    "EpochSampler",
    "GreyImages",
    "Grid",
    "KeyedDataset",
    "KeyedLoader",
    "MatchExample",
    "MatchSearch",
    "MatchedPairs",
    "NormalisedPlace",
    "PatternCubes",
    "PlaneImage",
    "PlaneReader",
    "Resolutions",
    "SamePatient",
    "SelfDiscovery",
    "StoredVolumes",
    "StudyHosts",
    "StudyImage",
    "StudyPlane",
    "StudyStore",
    "Verdict",
    "agreements",
    "boxed_cases",
    "content_hash",
    "cut_cube",
    "data_hash",
    "dense_weight",
    "dicom_patient",
    "discover_patterns",
    "find_cases",
    "fingerprint",
    "foreground_points",
    "gallery_cubes",
    "grey_copies",
    "image_facts",
    "image_files",
    "is_dicom",
    "is_whole",
    "is_whole_nifti",
    "is_whole_png",
    "judge_geometry",
    "known_words",
    "label_fraction",
    "labelled_cases",
    "line_profiles",
    "load_matches",
    "load_patterns",
    "load_studies",
    "match_examples",
    "match_points",
    "match_volumes",
    "matched_files",
    "named_stacks",
    "nearest",
    "open_stored",
    "output_name",
    "output_name_formatter",
    "place_matches",
    "plane_facts",
    "plane_images",
    "prepare_volume",
    "profile_shifts",
    "read_crop",
    "read_displacement",
    "read_image",
    "read_json",
    "read_listing",
    "read_plane",
    "read_planes",
    "read_rows",
    "read_stored",
    "replacing",
    "require_classes",
    "resize_in_plane",
    "root_of_cases",
    "same_patient_matches",
    "series_description",
    "series_files",
    "series_in",
    "shared_segments",
    "source_id",
    "split_cases",
    "stacked",
    "stem",
    "stored_cases",
    "stored_studies",
    "study_warnings",
    "switch",
    "true_partner",
    "unfinished_cases",
    "usable_cases",
    "write_json",
    "write_rows",
    "write_stored",
    "write_studies",
    "write_whole",
]
