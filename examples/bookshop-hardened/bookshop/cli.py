"""Commands for whoever runs the shop: ``flask --app bookshop COMMAND``."""

import click
from flask.cli import with_appcontext

from .db import create_all
from .repositories.users import users
from .security import hash_password
from .seed import seed


@click.command("create-tables")
@with_appcontext
def create_tables():
    """Make the tables, as the owner of the database, and put the first books in."""
    create_all()
    seed()


@click.command("create-admin")
@click.argument("email")
@click.password_option()
@with_appcontext
def create_admin(email, password):
    """Open an account for the back office."""
    user = users.add(email, "Admin", hash_password(password))
    users.set_role(user, "admin")
