"""What a number of books costs."""

from decimal import Decimal

LIST_PRICE = "list"
RULES = {
    LIST_PRICE: Decimal("1"),
    "school": Decimal("0.9"),
    "bookseller": Decimal("0.65"),
}


def total(price, quantity, rule=LIST_PRICE):
    """The total in pence, by the name of a rule."""
    return round(price * quantity * RULES[rule])
