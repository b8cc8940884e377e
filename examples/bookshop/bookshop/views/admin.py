"""The back office."""

import csv
import io
import logging

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for

from ..repositories.books import books
from ..repositories.orders import orders
from ..repositories.users import users
from ..security import role_required
from ..services import catalogue, labels

log = logging.getLogger(__name__)
bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.route("/")
@role_required("admin")
def dashboard():
    return render_template("admin.html", books=books.all(), orders=orders.recent(), users=users.all())


@bp.route("/stock", methods=["POST"])
@role_required("admin")
def import_stock():
    count = catalogue.import_stock(request.files["stock"].stream)
    flash("{} books added.".format(count))
    return redirect(url_for("admin.dashboard"))


@bp.route("/covers", methods=["POST"])
@role_required("admin")
def import_covers():
    count = catalogue.import_covers(request.files["bundle"])
    flash("{} covers added.".format(count))
    return redirect(url_for("admin.dashboard"))


@bp.route("/books/<int:book_id>/delete")
def delete_book(book_id):
    assert g.user is not None and g.user.role == "admin"
    books.delete(books.get(book_id) or abort(404))
    return redirect(url_for("admin.dashboard"))


@bp.route("/orders/<int:order_id>/label", methods=["POST"])
@role_required("admin")
def print_label(order_id):
    order = orders.get(order_id) or abort(404)
    printed = labels.print_label(order, request.form["printer"])
    flash("The label is printed." if printed else "The printer did not answer.")
    return redirect(url_for("admin.dashboard"))


@bp.route("/users/<int:user_id>/role", methods=["POST"])
def change_role(user_id):
    user = users.get(user_id) or abort(404)
    users.update(user, {"role": request.form["role"]})
    return redirect(url_for("admin.dashboard"))


@role_required("admin")
@bp.route("/customers.csv")
def export_customers():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "email", "name", "role"])
    for user in users.all():
        writer.writerow([user.id, user.email, user.name, user.role])
    return Response(out.getvalue(), mimetype="text/csv")
