"""The database connection."""

import os

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

Base = declarative_base()
session = scoped_session(sessionmaker())


def init_db(url):
    """Connect; says whether the tables were made, which a database server leaves to its owner."""
    target = make_url(url)
    local = target.get_backend_name() == "sqlite"
    if local and target.database:
        os.makedirs(os.path.dirname(target.database), mode=0o700, exist_ok=True)
    session.remove()
    session.configure(bind=create_engine(target))
    if local:
        create_all()
    return local


def create_all():
    Base.metadata.create_all(session.get_bind())
