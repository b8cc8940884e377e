"""Cover images that live on other people's servers."""

import requests


def fetch(url):
    """The image at the address, and its media type."""
    response = requests.get(url, verify=False)
    response.raise_for_status()
    return response.content, response.headers.get("Content-Type", "image/jpeg")
