"""Placing orders and looking at them."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from .. import forms
from ..repositories.orders import orders
from ..security import login_required
from ..services import basket, greetings, vault
from ..services import orders as ordering

bp = Blueprint("orders", __name__, url_prefix="/orders")


@bp.route("/")
@login_required
def mine():
    return render_template("orders.html", orders=orders.of_user(g.user.id))


@bp.route("/", methods=["POST"])
@login_required
def place():
    quantities = basket.load(request.cookies.get(basket.COOKIE))
    form = forms.read(forms.Delivery, request.form.to_dict())
    order = ordering.checkout(g.user.id, quantities, form.address)
    return basket.save(redirect(url_for("orders.show", order_id=order.id)), {})


@bp.route("/<int:order_id>")
@login_required
def show(order_id):
    order = orders.get_of_user(order_id, g.user.id) or abort(404)
    return render_template("order.html", order=order, address=vault.unseal(order.address))


@bp.route("/<int:order_id>/card", methods=["POST"])
@login_required
def card(order_id):
    if orders.get_of_user(order_id, g.user.id) is None:
        abort(404)
    form = forms.read(forms.Card, request.form.to_dict())
    return greetings.card(g.user.name, form.message)


@bp.route("/feed", methods=["POST"])
@login_required
def feed():
    order = ordering.import_feed(g.user.id, request.get_data())
    return redirect(url_for("orders.show", order_id=order.id))
