import io
import tarfile

import pytest

from bookshop import settings
from bookshop.services import labels

STOCK = b"""
- title: Cranford
  author: Elizabeth Gaskell
  price: 699
"""


def page(response):
    return response.get_data(as_text=True)


def test_customers_stay_out(customer):
    assert customer.get("/admin/").status_code == 403


def test_the_dashboard_lists_everything(admin):
    shown = page(admin.get("/admin/"))
    assert "Middlemarch" in shown
    assert settings.ADMIN_EMAIL in shown


def test_a_stock_list_is_imported(admin):
    admin.post("/admin/stock", data={"stock": (io.BytesIO(STOCK), "stock.yaml")})
    assert "Cranford" in page(admin.get("/"))


def test_covers_are_unpacked(admin):
    bundle = io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w") as archive:
        cover = tarfile.TarInfo("cranford.png")
        cover.size = 7
        archive.addfile(cover, io.BytesIO(b"picture"))
    bundle.seek(0)
    admin.post("/admin/covers", data={"bundle": (bundle, "covers.tar")})
    assert (settings.COVERS_DIR / "cranford.png").read_bytes() == b"picture"


def test_a_book_is_deleted(admin):
    admin.get("/admin/books/4/delete")
    assert "Three Men" not in page(admin.get("/"))


def test_a_label_is_printed(admin, customer, monkeypatch):
    commands = []
    monkeypatch.setattr(labels.subprocess, "call", lambda command, **_: commands.append(command) or 0)
    customer.post("/basket", data={"book_id": "2"})
    customer.post("/orders/", data={"address": "1 Mill Lane"})
    response = admin.post("/admin/orders/1/label", data={"printer": "counter"}, follow_redirects=True)
    assert "The label is printed" in page(response)
    assert "counter" in commands[0]


@pytest.mark.parametrize("role", ["admin", "customer"])
def test_roles_are_changed(admin, customer, role):
    admin.post("/admin/users/2/role", data={"role": role})
    expected = 200 if role == "admin" else 403
    assert customer.get("/admin/").status_code == expected


def test_customers_are_exported(admin, customer):
    assert "ann@reader.example" in page(admin.get("/admin/customers.csv"))
