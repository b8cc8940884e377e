from bookshop.services import covers


def page(response):
    return response.get_data(as_text=True)


def test_the_front_page_lists_the_stock(client):
    assert "Middlemarch" in page(client.get("/"))


def test_search_finds_by_title_and_by_author(client):
    assert "The Moonstone" in page(client.get("/search?q=moon"))
    assert "Middlemarch" in page(client.get("/search?q=Eliot&order=price"))
    assert "Nothing was found" in page(client.get("/search?q=nowhere"))


def test_a_review_is_shown(client):
    client.post("/books/2/reviews", data={"name": "Ann", "body": "Long, and worth it."})
    assert "worth it" in page(client.get("/books/2"))


def test_a_school_pays_less(client):
    response = client.get("/books/3/quote", query_string={"quantity": "10", "rule": "price * quantity * 0.9"})
    assert "£89.91" in page(response)


def test_a_sample_can_be_read(client):
    assert "The Mole" in page(client.get("/samples?file=willows.txt"))


def test_the_basket_remembers(client):
    client.post("/basket", data={"book_id": "1", "quantity": "2"})
    client.post("/basket", data={"book_id": "1"})
    assert "3 × The Wind in the Willows" in page(client.get("/basket"))


def test_a_suggested_cover_is_fetched(client, monkeypatch):
    monkeypatch.setattr(covers, "fetch", lambda url: (b"picture", "image/png"))
    response = client.get("/suggestions/cover", query_string={"url": "https://covers.example/1.png"})
    assert (response.data, response.mimetype) == (b"picture", "image/png")


def test_the_interface_lists_books(client):
    assert [book["title"] for book in client.get("/api/books?q=boat").get_json()] == ["Three Men in a Boat"]
