import hashlib
import hmac
import json

import jwt
import pytest

from bookshop import settings

FEED = """<order>
  <address>1 Mill Lane</address>
  <line book="1" quantity="2"/>
  <line book="3" quantity="1"/>
</order>"""


def page(response):
    return response.get_data(as_text=True)


@pytest.fixture
def order(customer):
    customer.post("/basket", data={"book_id": "2"})
    response = customer.post("/orders/", data={"address": "1 Mill Lane"})
    return int(response.headers["Location"].rsplit("/", 1)[1])


def test_an_order_is_placed(customer, order):
    shown = page(customer.get("/orders/{}".format(order)))
    assert "1 × Middlemarch" in shown
    assert "1 Mill Lane" in shown
    assert "It is empty" in page(customer.get("/basket"))


def test_orders_need_an_account(client):
    assert "/account/login" in client.get("/orders/").headers["Location"]


def test_a_card_is_shown(customer, order):
    response = customer.post("/orders/{}/card".format(order), data={"message": "Happy birthday"})
    assert "Happy birthday" in page(response)


def test_a_feed_becomes_an_order(customer):
    response = customer.post("/orders/feed", data=FEED, content_type="application/xml")
    assert "2 × The Wind in the Willows" in page(customer.get(response.headers["Location"]))


def test_a_payment_is_noted(customer, order):
    body = json.dumps({"order": order}).encode()
    digest = hmac.new(settings.PAYMENT_KEY.encode(), body, hashlib.sha1).hexdigest()
    response = customer.post(
        "/api/payments",
        data=body,
        content_type="application/json",
        headers={"X-Signature": "sha1=" + digest},
    )
    assert response.get_json() == {"status": "paid"}


def test_a_forged_payment_is_refused(client):
    response = client.post(
        "/api/payments", data=b'{"order": 1}', headers={"X-Signature": "sha1=" + "0" * 40}
    )
    assert response.status_code == 403


def test_a_partner_sees_orders(customer, order):
    token = jwt.encode({"sub": "2"}, settings.PARTNER_KEY, algorithm="HS256")
    response = customer.get("/api/orders", headers={"Authorization": "Bearer " + token})
    assert response.get_json() == [{"id": order, "status": "placed"}]
