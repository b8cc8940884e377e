"""Checkout, and the order feed of trade customers."""

from defusedxml import DefusedXmlException, ElementTree

from .. import forms
from ..repositories.books import books
from ..repositories.orders import orders
from . import pricing, vault


def checkout(user_id, basket, address):
    found = {book_id: books.get(book_id) for book_id in basket}
    lines = {book_id: quantity for book_id, quantity in basket.items() if found[book_id]}
    if not lines:
        raise forms.FormError
    total = sum(pricing.total(found[book_id].price, quantity) for book_id, quantity in lines.items())
    return orders.add(user_id, vault.seal(address), total, lines)


def import_feed(user_id, document):
    """Place the order of an XML document."""
    try:
        root = ElementTree.fromstring(document, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise forms.FormError from error
    lines = {line.get("book"): line.get("quantity") for line in root.iter("line")}
    feed = forms.read(forms.Feed, {"address": root.findtext("address"), "lines": lines})
    return checkout(user_id, feed.lines, feed.address)
