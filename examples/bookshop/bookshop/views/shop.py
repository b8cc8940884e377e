"""The shop window: browsing, searching, reviewing, filling the basket."""

import logging

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from .. import forms, settings
from ..repositories.books import books
from ..services import basket, covers, files, pricing

log = logging.getLogger(__name__)
bp = Blueprint("shop", __name__)


@bp.route("/")
def index():
    return render_template("index.html", books=books.all())


@bp.route("/search")
def search():
    term = request.args.get("q", "")
    order = request.args.get("order", "title")
    log.info("search for " + term)
    found = books.search(term, order)
    return render_template("search.html", term=term, books=found)


@bp.route("/books/<int:book_id>")
def book(book_id):
    return render_template("book.html", book=find(book_id))


@bp.route("/books/<int:book_id>/reviews", methods=["POST"])
def review(book_id):
    books.add_review(find(book_id), **forms.review(request.form))
    return redirect(url_for("shop.book", book_id=book_id))


@bp.route("/books/<int:book_id>/quote")
def quote(book_id):
    quantity = int(request.args.get("quantity", "1"))
    rule = request.args.get("rule", pricing.LIST_PRICE)
    total = pricing.total(find(book_id).price, quantity, rule)
    return render_template("book.html", book=find(book_id), quantity=quantity, total=total)


@bp.route("/samples")
def sample():
    name = request.args["file"]
    return Response(files.read(settings.SAMPLES_DIR, name), mimetype="text/plain")


@bp.route("/suggestions/cover")
def suggested_cover():
    content, media_type = covers.fetch(request.args["url"])
    return Response(content, content_type=media_type)


@bp.route("/basket")
def show_basket():
    quantities = basket.load(request.cookies.get(basket.COOKIE))
    lines = [(books.get(book_id), quantity) for book_id, quantity in quantities.items()]
    return render_template("basket.html", lines=lines)


@bp.route("/basket", methods=["POST"])
def add_to_basket():
    quantities = basket.load(request.cookies.get(basket.COOKIE))
    chosen = find(int(request.form["book_id"]))
    quantities[chosen.id] = quantities.get(chosen.id, 0) + int(request.form.get("quantity", "1"))
    return basket.save(redirect(url_for("shop.show_basket")), quantities)


def find(book_id):
    return books.get(book_id) or abort(404)
