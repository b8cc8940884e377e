from bookshop.repositories.users import users
from bookshop.services import mail


def page(response):
    return response.get_data(as_text=True)


def test_a_customer_is_greeted(customer):
    assert "Ann" in page(customer.get("/"))


def test_a_wrong_password_is_refused(client):
    response = client.post("/account/login", data={"email": "ann@reader.example", "password": "a guess"})
    assert response.status_code == 401


def test_signing_in_leads_back(customer):
    customer.get("/account/logout")
    response = customer.post(
        "/account/login?next=/orders/",
        data={"email": "ann@reader.example", "password": "a long summer"},
    )
    assert response.headers["Location"].endswith("/orders/")


def test_the_profile_can_be_changed(customer):
    customer.post("/account/profile", data={"name": "Anna", "email": "ann@reader.example"})
    assert "Anna" in page(customer.get("/account/profile"))


def test_a_forgotten_password_is_replaced(app, customer, monkeypatch):
    sent = []
    monkeypatch.setattr(mail, "send", lambda to, subject, body: sent.append(body))
    customer.get("/account/logout")
    customer.post("/account/reset", data={"email": "ann@reader.example"})
    link = sent[0].split("/account/")[1]
    customer.post("/account/" + link, data={"password": "another summer"})
    response = customer.post(
        "/account/login", data={"email": "ann@reader.example", "password": "another summer"}
    )
    assert response.status_code == 302


def test_passwords_are_not_stored(app, customer):
    with app.app_context():
        assert "a long summer" not in users.by_email("ann@reader.example").password
