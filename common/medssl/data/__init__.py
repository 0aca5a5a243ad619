"""Data lists, patient splits, discovered patterns, crop store, keyed random draws."""

from medssl.data.cases import find_cases
from medssl.data.crop_store import StoredVolumes, stored_cases
from medssl.data.files import content_hash, fingerprint, image_files, matched_files, stem
from medssl.data.inspection import data_hash, image_facts, usable_cases
from medssl.data.keyed import EpochSampler, KeyedDataset, KeyedLoader
from medssl.data.listings import read_listing
from medssl.data.reading import CaseReader, read_image
from medssl.data.records import read_json, write_json
from medssl.data.series import dicom_patient, is_dicom, series_files, series_in
from medssl.data.splits import split_cases
from medssl.data.stored_volume import open_stored, read_crop, write_stored
from medssl.data.words import known_words, switch

__all__ = [
    "CaseReader",
    "EpochSampler",
    "KeyedDataset",
    "KeyedLoader",
    "StoredVolumes",
    "content_hash",
    "data_hash",
    "dicom_patient",
    "find_cases",
    "fingerprint",
    "image_facts",
    "image_files",
    "is_dicom",
    "known_words",
    "matched_files",
    "open_stored",
    "read_crop",
    "read_image",
    "read_json",
    "read_listing",
    "series_files",
    "series_in",
    "split_cases",
    "stem",
    "stored_cases",
    "switch",
    "usable_cases",
    "write_json",
    "write_stored",
]
