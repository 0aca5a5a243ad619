"""Bundles on their way out: what goes into an archive, what keeps it from being made, what an archive must be."""

from medssl.release.archives import verify_archive, write_archive
from medssl.release.cards import card_header, card_section
from medssl.release.contents import bundle_files, package_files
from medssl.release.guards import missing_files, require_packable
from medssl.release.packing import pack_bundle

__all__ = [
    "bundle_files",
    "card_header",
    "card_section",
    "missing_files",
    "pack_bundle",
    "package_files",
    "require_packable",
    "verify_archive",
    "write_archive",
]
