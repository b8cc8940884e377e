"""Passwords, tokens, headers, and who may call what."""

import functools
import hashlib
import hmac
import secrets

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import abort, g, redirect, request, session, url_for

from . import settings
from .log import audit
from .repositories.users import users

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PARTNER_AUDIENCE = "bookshop-api"

hasher = PasswordHasher()
# Verified when there is no such account, so that both answers take equally long.
NOBODY = hasher.hash(secrets.token_urlsafe())


def hash_password(password):
    return hasher.hash(password)


def check_password(stored, password):
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def new_reset_token():
    return secrets.token_urlsafe(32)


def token_digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def load_user():
    g.user = users.get(session["user_id"]) if "user_id" in session else None


def sign_in(user):
    session.clear()
    session.permanent = True
    session["user_id"] = user.id


def sign_out():
    session.clear()


def login_required(view):
    @functools.wraps(view)
    def guarded(*args, **kwargs):
        if g.user is None:
            audit("access", "denied")
            return redirect(url_for("account.login", next=request.endpoint))
        return view(*args, **kwargs)

    return guarded


def role_required(role):
    def decorate(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            if g.user is None or g.user.role != role:
                audit("access", "denied", user=g.user.id if g.user else None)
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


def partner_id(token):
    """The customer number of the trade partner who holds the token."""
    claims = jwt.decode(
        token,
        settings.PARTNER_KEY,
        algorithms=["HS256"],
        audience=PARTNER_AUDIENCE,
        options={"require": ["aud", "exp", "sub"]},
    )
    return int(claims["sub"])


def valid_signature(body, signature):
    expected = hmac.new(settings.PAYMENT_KEY.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={expected}".encode(), signature.encode())


def set_headers(response):
    response.headers.update(HEADERS)
    return response
