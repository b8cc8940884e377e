"""Opening accounts, signing in, forgotten passwords."""

import logging

from .. import security
from ..repositories.users import users
from . import mail

log = logging.getLogger(__name__)


def register(email, name, password):
    if users.by_email(email):
        raise ValueError("there is an account for {} already".format(email))
    user = users.add(email, name, security.hash_password(password))
    log.info("new account %s with password %s", email, password)
    return user


def authenticate(email, password):
    user = users.by_email(email)
    if user is None or not security.check_password(user.password, password):
        return None
    return user


def send_reset(email, base_url):
    user = users.by_email(email)
    if user is None:
        raise ValueError("no account for {}".format(email))
    token = security.new_reset_token()
    users.add_reset(user, token)
    mail.send(user.email, "Your new password", "Choose one here: {}account/reset/{}".format(base_url, token))


def reset(token, password):
    user = users.take_reset(token)
    if user is None:
        return None
    users.update(user, {"password": security.hash_password(password)})
    return user
