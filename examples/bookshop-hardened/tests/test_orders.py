import hashlib
import hmac
import json
import time

import jwt
import pytest

from bookshop import settings
from bookshop.security import PARTNER_AUDIENCE

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
    shown = page(customer.get(f"/orders/{order}"))
    assert "1 × Middlemarch" in shown
    assert "1 Mill Lane" in shown
    assert "It is empty" in page(customer.get("/basket"))


def test_orders_need_an_account(client):
    assert "/account/login" in client.get("/orders/").headers["Location"]


def test_a_card_is_shown(customer, order):
    response = customer.post(f"/orders/{order}/card", data={"message": "Happy birthday"})
    assert "Happy birthday" in page(response)


def test_a_feed_becomes_an_order(customer):
    response = customer.post("/orders/feed", data=FEED, content_type="application/xml")
    assert "2 × The Wind in the Willows" in page(customer.get(response.headers["Location"]))


def test_a_payment_is_noted(customer, order):
    body = json.dumps({"order": order}).encode()
    digest = hmac.new(settings.PAYMENT_KEY.encode(), body, hashlib.sha256).hexdigest()
    response = customer.post(
        "/api/payments",
        data=body,
        content_type="application/json",
        headers={"X-Signature": "sha256=" + digest},
    )
    assert response.get_json() == {"status": "paid"}


def test_a_forged_payment_is_refused(client):
    response = client.post(
        "/api/payments", data=b'{"order": 1}', headers={"X-Signature": "sha256=" + "0" * 64}
    )
    assert response.status_code == 403


def test_a_partner_sees_orders(customer, order):
    response = customer.get("/api/orders", headers=bearer(settings.PARTNER_KEY))
    assert response.get_json() == [{"id": order, "status": "placed"}]


def test_a_forged_token_is_refused(customer, order):
    assert customer.get("/api/orders", headers=bearer("somebody else's key, long enough to be one")).status_code == 401


def bearer(key):
    claims = {"sub": "1", "aud": PARTNER_AUDIENCE, "exp": int(time.time()) + 60}
    return {"Authorization": "Bearer " + jwt.encode(claims, key, algorithm="HS256")}


def test_orders_are_shown_to_their_owner_only(app, order):
    stranger = app.test_client()
    stranger.post(
        "/account/register",
        data={"name": "Eve", "email": "eve@reader.example", "password": "a long autumn"},
    )
    assert stranger.get(f"/orders/{order}").status_code == 404


def test_a_card_is_no_template(customer, order):
    response = customer.post(f"/orders/{order}/card", data={"message": "{{ 6 * 7 }}"})
    assert "{{ 6 * 7 }}" in page(response)


def test_a_feed_with_entities_is_refused(customer):
    document = '<!DOCTYPE order [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + FEED.replace("1 Mill Lane", "&x;")
    response = customer.post("/orders/feed", data=document, content_type="application/xml")
    assert response.status_code == 400
