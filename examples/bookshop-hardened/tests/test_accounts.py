import logging

import pytest

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
    customer.post("/account/logout")
    response = customer.post(
        "/account/login?next=orders.mine",
        data={"email": "ann@reader.example", "password": "a long summer"},
    )
    assert response.headers["Location"].endswith("/orders/")


def test_the_profile_can_be_changed(customer):
    customer.post("/account/profile", data={"name": "Anna", "email": "ann@reader.example"})
    assert "Anna" in page(customer.get("/account/profile"))


def test_a_forgotten_password_is_replaced(app, customer, monkeypatch):
    sent = []
    monkeypatch.setattr(mail, "send", lambda to, subject, body: sent.append(body))
    customer.post("/account/logout")
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


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "admin.dashboard"])
def test_signing_in_leads_nowhere_else(customer, target):
    customer.post("/account/logout")
    response = customer.post(
        "/account/login",
        query_string={"next": target},
        data={"email": "ann@reader.example", "password": "a long summer"},
    )
    assert response.headers["Location"] == "/"


def test_a_profile_has_no_role(customer):
    customer.post("/account/profile", data={"name": "Ann", "email": "ann@reader.example", "role": "admin"})
    assert customer.get("/admin/").status_code == 403


def test_guessing_is_slowed_down(client):
    guesses = [
        client.post("/account/login", data={"email": "ann@reader.example", "password": f"guess {number}"})
        for number in range(7)
    ]
    assert [guess.status_code for guess in guesses] == [401] * 5 + [429] * 2


def test_sign_ins_are_noted(customer, caplog):
    customer.post("/account/logout")
    with caplog.at_level(logging.INFO, logger="bookshop.audit"):
        customer.post("/account/login", data={"email": "ann@reader.example", "password": "a wrong one"})
        customer.post("/account/login", data={"email": "ann@reader.example", "password": "a long summer"})
    assert "login failure" in caplog.messages[0]
    assert "login success" in caplog.messages[1]
    assert not any("summer" in message for message in caplog.messages)


def test_a_reset_link_serves_once(app, customer, monkeypatch):
    sent = []
    monkeypatch.setattr(mail, "send", lambda to, subject, body: sent.append(body))
    customer.post("/account/reset", data={"email": "ann@reader.example"})
    link = "/account/" + sent[0].split("/account/")[1]
    assert customer.post(link, data={"password": "another summer"}).status_code == 302
    assert customer.post(link, data={"password": "another autumn"}).status_code == 400
