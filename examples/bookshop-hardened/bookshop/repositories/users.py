"""Customers and staff."""

from sqlalchemy import select

from ..db import session
from ..models import PasswordReset, User, now

RESET_LIFETIME = 3600


class UserRepository:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.scalars(select(User).order_by(User.id)).all()

    def get(self, user_id):
        return self.db.get(User, user_id)

    def by_email(self, email):
        return self.db.scalars(select(User).where(User.email == email)).first()

    def add(self, email, name, password):
        user = User(email=email, name=name, password=password)
        self.db.add(user)
        self.db.commit()
        return user

    def update(self, user, email, name):
        user.email = email
        user.name = name
        self.db.commit()

    def set_password(self, user, password):
        user.password = password
        self.db.commit()

    def set_role(self, user, role):
        user.role = role
        self.db.commit()

    def add_reset(self, user, digest):
        self.db.add(PasswordReset(user_id=user.id, digest=digest))
        self.db.commit()

    def take_reset(self, digest):
        """The user whose reset token this is; it serves once, and not for long."""
        reset = self.db.get(PasswordReset, digest)
        if reset is None:
            return None
        user = reset.user if now() - reset.created < RESET_LIFETIME else None
        self.db.delete(reset)
        self.db.commit()
        return user


users = UserRepository(session)
