"""Stock lists and cover bundles from the publishers."""

import os
import tarfile

import yaml

from .. import settings
from ..repositories.books import books
from . import files


def import_stock(stream):
    """Add the books of a YAML list; returns how many there were."""
    entries = yaml.load(stream, Loader=yaml.Loader)
    for entry in entries:
        books.add(**entry)
    return len(entries)


def import_covers(upload):
    """Unpack a tar archive of cover images."""
    os.makedirs(settings.COVERS_DIR, exist_ok=True)
    bundle = files.store(settings.COVERS_DIR, upload)
    with tarfile.open(bundle) as archive:
        archive.extractall(settings.COVERS_DIR)
        names = archive.getnames()
    os.remove(bundle)
    return len(names)
