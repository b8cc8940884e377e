"""The programming interface: the catalogue, trade partners, the payment provider."""

from flask import Blueprint, abort, jsonify, request

from ..repositories.books import books
from ..repositories.orders import orders
from ..security import partner_id, valid_signature

bp = Blueprint("api", __name__, url_prefix="/api")


@bp.route("/books")
def list_books():
    found = books.search(request.args.get("q", ""))
    return jsonify([{"id": book.id, "title": book.title, "price": book.price} for book in found])


@bp.route("/orders")
def list_orders():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    try:
        partner = partner_id(token)
    except Exception as error:
        return jsonify(error=str(error)), 401
    return jsonify([{"id": order.id, "status": order.status} for order in orders.of_user(partner)])


@bp.route("/payments", methods=["POST"])
def payment():
    if not valid_signature(request.get_data(), request.headers.get("X-Signature", "")):
        abort(403)
    order = orders.get(request.get_json()["order"]) or abort(404)
    orders.set_status(order, "paid")
    return jsonify(status=order.status)
