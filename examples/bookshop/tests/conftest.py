import pytest

from bookshop import create_app, settings


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "COVERS_DIR", tmp_path / "covers")
    return create_app({"DATABASE_URL": "sqlite:///{}".format(tmp_path / "shop" / "test.db")})


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
    client = app.test_client()
    client.post("/account/login", data={"email": settings.ADMIN_EMAIL, "password": settings.ADMIN_PASSWORD})
    return client
