import os
import re
import secrets

import pytest
from cryptography.fernet import Fernet
from flask.testing import FlaskClient

ADMIN_EMAIL = "admin@inkandpaper.example"
CSRF_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


def pytest_configure():
    """The shop does not start without keys, so there are some before anything of it is imported."""
    os.environ["BOOKSHOP_SECRET_KEY"] = secrets.token_hex(32)
    os.environ["BOOKSHOP_VAULT_KEY"] = Fernet.generate_key().decode()
    os.environ["BOOKSHOP_PARTNER_KEY"] = secrets.token_hex(32)
    os.environ["BOOKSHOP_PAYMENT_KEY"] = secrets.token_hex(32)


class Browser(FlaskClient):
    """A client that speaks HTTPS and sends the token of a form with it, as browsers do."""

    def open(self, *args, **kwargs):
        kwargs.setdefault("base_url", "https://localhost")
        if kwargs.get("method") == "POST" and "csrf" not in kwargs:
            kwargs["headers"] = {
                "Referer": "https://localhost/",
                "X-CSRFToken": self.csrf_token(),
                **kwargs.get("headers", {}),
            }
        kwargs.pop("csrf", None)
        return super().open(*args, **kwargs)

    def csrf_token(self):
        return CSRF_FIELD.search(self.get("/account/login").get_data(as_text=True)).group(1)


@pytest.fixture
def app(tmp_path, monkeypatch):
    from bookshop import create_app, settings
    from bookshop.extensions import limiter

    monkeypatch.setattr(settings, "COVERS_DIR", tmp_path / "covers")
    app = create_app({"DATABASE_URL": f"sqlite:///{tmp_path / 'shop' / 'test.db'}"})
    app.test_client_class = Browser
    limiter.reset()
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def customer(client):
    client.post(
        "/account/register",
        data={"name": "Ann", "email": "ann@reader.example", "password": "a long summer"},
    )
    return client


@pytest.fixture
def admin(app):
    from bookshop.repositories.users import users
    from bookshop.security import hash_password

    with app.app_context():
        user = users.add(ADMIN_EMAIL, "Admin", hash_password("a longer winter"))
        users.set_role(user, "admin")
    client = app.test_client()
    client.post("/account/login", data={"email": ADMIN_EMAIL, "password": "a longer winter"})
    return client
