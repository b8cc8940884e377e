"""The shop window: browsing, searching, reviewing, filling the basket."""

import logging

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from .. import forms, settings
from ..extensions import limiter
from ..repositories.books import books
from ..security import login_required
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
    found = books.search(term, order)
    log.info("search found %d books", len(found))
    return render_template("search.html", term=term, books=found)


@bp.route("/books/<int:book_id>")
def book(book_id):
    return render_template("book.html", book=find(book_id))


@bp.route("/books/<int:book_id>/reviews", methods=["POST"])
@limiter.limit("5 per minute")
@login_required
def review(book_id):
    form = forms.read(forms.Review, request.form.to_dict())
    books.add_review(find(book_id), g.user.name, form.body)
    return redirect(url_for("shop.book", book_id=book_id))


@bp.route("/books/<int:book_id>/quote")
def quote(book_id):
    form = forms.read(forms.Quote, request.args.to_dict())
    total = pricing.total(find(book_id).price, form.quantity, form.rule)
    return render_template("book.html", book=find(book_id), quantity=form.quantity, total=total)


@bp.route("/samples")
def sample():
    name = request.args["file"]
    try:
        content = files.read(settings.SAMPLES_DIR, name)
    except (OSError, ValueError):
        abort(404)
    return Response(content, mimetype="text/plain")


@bp.route("/suggestions/cover")
@limiter.limit("10 per minute")
@login_required
def suggested_cover():
    content, media_type = covers.fetch(request.args["url"])
    return Response(content, content_type=media_type)


@bp.route("/basket")
def show_basket():
    quantities = basket.load(request.cookies.get(basket.COOKIE))
    lines = [(books.get(book_id), quantity) for book_id, quantity in quantities.items()]
    return render_template("basket.html", lines=[(book, quantity) for book, quantity in lines if book])


@bp.route("/basket", methods=["POST"])
def add_to_basket():
    quantities = basket.load(request.cookies.get(basket.COOKIE))
    form = forms.read(forms.BasketLine, request.form.to_dict())
    chosen = find(form.book_id)
    quantities[chosen.id] = min(quantities.get(chosen.id, 0) + form.quantity, 99)
    return basket.save(redirect(url_for("shop.show_basket")), quantities)


def find(book_id):
    return books.get(book_id) or abort(404)
