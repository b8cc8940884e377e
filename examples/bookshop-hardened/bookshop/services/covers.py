"""Cover images that live on other people's servers."""

from urllib.parse import urlsplit

import requests

from .. import settings
from ..forms import FormError

IMAGES = {"image/jpeg", "image/png", "image/webp"}
MAX_BYTES = 2 * 1024 * 1024


def is_publisher(url):
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.netloc in settings.COVER_HOSTS


def fetch(url):
    """The image at the address, and its media type."""
    if not is_publisher(url):
        raise FormError
    with requests.get(url, timeout=10, allow_redirects=False, stream=True) as response:
        response.raise_for_status()
        media_type = response.headers.get("Content-Type", "")
        content = response.raw.read(MAX_BYTES + 1, decode_content=True)
    if media_type not in IMAGES or len(content) > MAX_BYTES:
        raise FormError
    return content, media_type
