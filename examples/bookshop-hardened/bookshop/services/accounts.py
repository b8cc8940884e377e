"""Opening accounts, signing in, forgotten passwords."""

from .. import security, settings
from ..log import audit
from ..repositories.users import users
from . import mail


class EmailTaken(ValueError):
    """Somebody has an account with this address already."""


def register(email, name, password):
    if users.by_email(email):
        audit("registration", "failure")
        raise EmailTaken
    user = users.add(email, name, security.hash_password(password))
    audit("registration", "success", user=user.id)
    return user


def authenticate(email, password):
    user = users.by_email(email)
    known = security.check_password(user.password if user else security.NOBODY, password)
    if user is None or not known:
        audit("login", "failure", user=user.id if user else None)
        return None
    audit("login", "success", user=user.id)
    return user


def change_profile(user, email, name):
    owner = users.by_email(email)
    if owner is not None and owner.id != user.id:
        audit("profile change", "failure", user=user.id)
        raise EmailTaken
    users.update(user, email, name)
    audit("profile change", "success", user=user.id)


def send_reset(email):
    user = users.by_email(email)
    if user is None:
        audit("password reset request", "failure")
        return
    token = security.new_reset_token()
    users.add_reset(user, security.token_digest(token))
    audit("password reset request", "success", user=user.id)
    mail.send(user.email, "Your new password", f"Choose one here: {settings.PUBLIC_URL}/account/reset/{token}")


def reset(token, password):
    user = users.take_reset(security.token_digest(token))
    if user is None:
        audit("password reset", "failure")
        return None
    users.set_password(user, security.hash_password(password))
    audit("password reset", "success", user=user.id)
    return user
