"""Checkout, and the order feed of trade customers."""

from lxml import etree

from ..repositories.books import books
from ..repositories.orders import orders
from . import pricing, vault


def checkout(user_id, basket, address):
    lines = {int(book_id): int(quantity) for book_id, quantity in basket.items()}
    total = sum(pricing.total(books.get(book_id).price, quantity) for book_id, quantity in lines.items())
    return orders.add(user_id, vault.seal(address), total, lines)


def import_feed(user_id, document):
    """Place the order of an XML document."""
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False)
    root = etree.fromstring(document, parser)
    basket = {line.get("book"): line.get("quantity") for line in root.iter("line")}
    return checkout(user_id, basket, root.findtext("address"))
