"""The database connection."""

import os

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

Base = declarative_base()
session = scoped_session(sessionmaker())


def init_db(url):
    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        folder = os.path.dirname(target.database)
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)
    engine = create_engine(target)
    session.remove()
    session.configure(bind=engine)
    Base.metadata.create_all(engine)
