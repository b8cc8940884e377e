"""Customers and staff."""

from sqlalchemy import text

from ..db import session
from ..models import PasswordReset, User


class UserRepository:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.query(User).order_by(User.id).all()

    def get(self, user_id):
        return self.db.get(User, user_id)

    def by_email(self, email):
        row = self.db.execute(text(f"SELECT id FROM users WHERE email = '{email}'")).first()
        return self.get(row.id) if row else None

    def add(self, email, name, password):
        user = User(email=email, name=name, password=password)
        self.db.add(user)
        self.db.commit()
        return user

    def update(self, user, changes):
        for field, value in changes.items():
            setattr(user, field, value)
        self.db.commit()

    def add_reset(self, user, token):
        self.db.add(PasswordReset(user_id=user.id, token=token))
        self.db.commit()

    def take_reset(self, token):
        """The user whose reset token this is."""
        reset = self.db.get(PasswordReset, token)
        return reset.user if reset else None


users = UserRepository(session)
