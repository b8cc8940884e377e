import pytest

from bookshop.forms import FormError
from bookshop.services import covers


def page(response):
    return response.get_data(as_text=True)


def test_the_front_page_lists_the_stock(client):
    assert "Middlemarch" in page(client.get("/"))


def test_search_finds_by_title_and_by_author(client):
    assert "The Moonstone" in page(client.get("/search?q=moon"))
    assert "Middlemarch" in page(client.get("/search?q=Eliot&order=price"))
    assert "Nothing was found" in page(client.get("/search?q=nowhere"))


def test_a_review_is_shown(customer):
    customer.post("/books/2/reviews", data={"body": "Long, and worth it."})
    assert "worth it" in page(customer.get("/books/2"))


def test_a_school_pays_less(client):
    response = client.get("/books/3/quote", query_string={"quantity": "10", "rule": "school"})
    assert "£89.91" in page(response)


def test_a_sample_can_be_read(client):
    assert "The Mole" in page(client.get("/samples?file=willows.txt"))


def test_the_basket_remembers(client):
    client.post("/basket", data={"book_id": "1", "quantity": "2"})
    client.post("/basket", data={"book_id": "1"})
    assert "3 × The Wind in the Willows" in page(client.get("/basket"))


def test_a_suggested_cover_is_fetched(customer, monkeypatch):
    monkeypatch.setattr(covers, "fetch", lambda url: (b"picture", "image/png"))
    response = customer.get("/suggestions/cover", query_string={"url": "https://covers.example/1.png"})
    assert (response.data, response.mimetype) == (b"picture", "image/png")


def test_the_interface_lists_books(client):
    assert [book["title"] for book in client.get("/api/books?q=boat").get_json()] == ["Three Men in a Boat"]


@pytest.mark.parametrize("name", ["../settings.py", "/etc/hostname", "nothing.txt"])
def test_only_samples_can_be_read(client, name):
    assert client.get("/samples", query_string={"file": name}).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://covers.inkandpaper.example/1.png",
        "https://covers.inkandpaper.example@127.0.0.1/1.png",
        "https://127.0.0.1/1.png",
        "file:///etc/hostname",
    ],
)
def test_only_publishers_are_asked_for_covers(url):
    with pytest.raises(FormError):
        covers.fetch(url)


@pytest.mark.parametrize("field", ["q", "order"])
def test_a_quote_finds_nothing_and_breaks_nothing(client, field):
    assert client.get("/search", query_string={field: "' OR 1=1 --"}).status_code == 200


def test_what_is_typed_is_shown_as_text(customer):
    assert "<script>" not in page(customer.get("/search?q=<script>alert(1)</script>"))
    customer.post("/books/2/reviews", data={"body": "<script>alert(1)</script>"})
    assert "<script>" not in page(customer.get("/books/2"))


def test_reviews_need_an_account(client):
    client.post("/books/2/reviews", data={"body": "Long."})
    assert "Long." not in page(client.get("/books/2"))


def test_an_unknown_rule_is_refused(client):
    assert client.get("/books/3/quote?rule=__import__('os')").status_code == 400


def test_a_forged_basket_is_empty(client):
    client.set_cookie("basket", "gASVCAAAAAAAAAB9lEsBSwJzLg==")
    assert "It is empty" in page(client.get("/basket"))


def test_forms_need_their_token(client):
    assert client.post("/basket", data={"book_id": "1"}, csrf=None).status_code == 400


def test_answers_carry_security_headers(client):
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
