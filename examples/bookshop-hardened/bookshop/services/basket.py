"""The basket travels in a cookie of the customer's browser."""

from itsdangerous import BadSignature, URLSafeTimedSerializer

from .. import settings

COOKIE = "basket"
LIFETIME = 14 * 24 * 3600

serializer = URLSafeTimedSerializer(settings.SECRET_KEY, salt="basket")


def load(cookie):
    """Quantities by book id."""
    if not cookie:
        return {}
    try:
        quantities = serializer.loads(cookie, max_age=LIFETIME)
    except BadSignature:
        return {}
    return {int(book_id): int(quantity) for book_id, quantity in quantities.items()}


def dump(basket):
    return serializer.dumps(basket)


def save(response, basket):
    response.set_cookie(COOKIE, dump(basket), max_age=LIFETIME, secure=True, httponly=True, samesite="Lax")
    return response
