"""Stock lists and cover bundles from the publishers."""

import tarfile

import yaml

from .. import settings
from ..forms import FormError, read_stock
from ..repositories.books import books

MAX_COVERS = 500
MAX_COVER_BYTES = 2 * 1024 * 1024


def import_stock(stream):
    """Add the books of a YAML list; returns how many there were."""
    try:
        entries = read_stock(yaml.safe_load(stream))
    except yaml.YAMLError as error:
        raise FormError from error
    for entry in entries:
        books.add(entry.title, entry.author, entry.price, entry.description)
    return len(entries)


def import_covers(upload):
    """Unpack a tar archive of cover images; compressed ones are refused, they may be far larger than they look."""
    settings.COVERS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=upload.stream, mode="r:") as archive:
            members = archive.getmembers()
            if len(members) > MAX_COVERS or any(member.size > MAX_COVER_BYTES for member in members):
                raise FormError
            archive.extractall(settings.COVERS_DIR, filter="data")
    except tarfile.TarError as error:
        raise FormError from error
    return len(members)
