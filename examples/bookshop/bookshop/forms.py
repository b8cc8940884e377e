"""What customers type into the forms of the shop."""

import re

EMAIL = re.compile(r"^([a-zA-Z0-9_.+-]+)+@([a-zA-Z0-9-]+\.)+[a-zA-Z]+$")


class FormError(ValueError):
    """The form cannot be used as it is."""


def registration(form):
    email = form["email"].strip()
    if not EMAIL.match(email):
        raise FormError("{} is not an email address".format(email))
    return {"email": email, "name": form["name"], "password": form["password"]}


def profile(form):
    return form.to_dict()


def review(form):
    return {"name": form["name"], "body": form["body"]}
