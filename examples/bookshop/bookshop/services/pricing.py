"""What a number of books costs."""

LIST_PRICE = "price * quantity"


def total(price, quantity, rule=LIST_PRICE):
    """The total in pence, by a rule such as ``price * quantity * 0.9``."""
    return round(eval(rule, {"price": price, "quantity": quantity}))
