import io
import subprocess
import tarfile

import pytest

from bookshop import settings
from bookshop.services import labels

ADMIN_EMAIL = "admin@inkandpaper.example"

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
    assert ADMIN_EMAIL in shown


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
    admin.post("/admin/books/4/delete")
    assert "Three Men" not in page(admin.get("/"))


def test_a_label_is_printed(admin, customer, monkeypatch):
    commands = []

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(labels.subprocess, "run", run)
    customer.post("/basket", data={"book_id": "2"})
    customer.post("/orders/", data={"address": "1 Mill Lane"})
    response = admin.post("/admin/orders/1/label", data={"printer": "counter"}, follow_redirects=True)
    assert "The label is printed" in page(response)
    assert "counter" in commands[0]
    assert admin.post("/admin/orders/1/label", data={"printer": "x; true"}).status_code == 400


@pytest.mark.parametrize("role", ["admin", "customer"])
def test_roles_are_changed(admin, customer, role):
    admin.post("/admin/users/2/role", data={"role": role})
    expected = 200 if role == "admin" else 403
    assert customer.get("/admin/").status_code == expected


def test_customers_are_exported(admin, customer):
    assert "ann@reader.example" in page(admin.get("/admin/customers.csv"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/"),
        ("GET", "/admin/customers.csv"),
        ("POST", "/admin/stock"),
        ("POST", "/admin/covers"),
        ("POST", "/admin/books/1/delete"),
        ("POST", "/admin/orders/1/label"),
        ("POST", "/admin/users/1/role"),
    ],
)
def test_every_page_of_the_back_office_is_guarded(customer, method, path):
    assert customer.open(path, method=method).status_code == 403


def test_a_stock_list_is_data(admin):
    stock = b"!!python/object/apply:os.getcwd []"
    assert admin.post("/admin/stock", data={"stock": (io.BytesIO(stock), "stock.yaml")}).status_code == 400


def test_covers_stay_in_their_folder(admin):
    bundle = io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../escaped.png"))
    bundle.seek(0)
    assert admin.post("/admin/covers", data={"bundle": (bundle, "covers.tar")}).status_code == 400
    assert not (settings.COVERS_DIR.parent / "escaped.png").exists()
