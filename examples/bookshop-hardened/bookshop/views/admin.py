"""The back office."""

import csv
import io

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for

from .. import forms, settings
from ..log import audit
from ..repositories.books import books
from ..repositories.orders import orders
from ..repositories.users import users
from ..security import role_required
from ..services import catalogue, labels

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.route("/")
@role_required("admin")
def dashboard():
    return render_template(
        "admin.html",
        books=books.all(),
        orders=orders.recent(),
        users=users.all(),
        printers=settings.PRINTERS,
    )


@bp.route("/stock", methods=["POST"])
@role_required("admin")
def import_stock():
    count = catalogue.import_stock(request.files["stock"].stream)
    audit("stock import", "success", user=g.user.id, books=count)
    flash(f"{count} books added.")
    return redirect(url_for("admin.dashboard"))


@bp.route("/covers", methods=["POST"])
@role_required("admin")
def import_covers():
    count = catalogue.import_covers(request.files["bundle"])
    audit("covers import", "success", user=g.user.id, covers=count)
    flash(f"{count} covers added.")
    return redirect(url_for("admin.dashboard"))


@bp.route("/books/<int:book_id>/delete", methods=["POST"])
@role_required("admin")
def delete_book(book_id):
    books.delete(books.get(book_id) or abort(404))
    audit("book deletion", "success", user=g.user.id, book=book_id)
    return redirect(url_for("admin.dashboard"))


@bp.route("/orders/<int:order_id>/label", methods=["POST"])
@role_required("admin")
def print_label(order_id):
    order = orders.get(order_id) or abort(404)
    printed = labels.print_label(order, request.form["printer"])
    audit("label", "success" if printed else "failure", user=g.user.id, order=order.id)
    flash("The label is printed." if printed else "The printer did not answer.")
    return redirect(url_for("admin.dashboard"))


@bp.route("/users/<int:user_id>/role", methods=["POST"])
@role_required("admin")
def change_role(user_id):
    user = users.get(user_id) or abort(404)
    form = forms.read(forms.Role, request.form.to_dict())
    users.set_role(user, form.role)
    audit("role change", "success", user=g.user.id, changed=user.id)
    return redirect(url_for("admin.dashboard"))


@bp.route("/customers.csv")
@role_required("admin")
def export_customers():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "email", "name", "role"])
    for user in users.all():
        writer.writerow([user.id, cell(user.email), cell(user.name), user.role])
    audit("customer export", "success", user=g.user.id)
    return Response(out.getvalue(), mimetype="text/csv")


def cell(text):
    """Text a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
