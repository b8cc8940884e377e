"""The stock the shop opens with."""

from .db import session
from .models import Book

STOCK = [
    ("The Wind in the Willows", "Kenneth Grahame", 899, "A mole, a rat, a toad and a river.", "willows.txt"),
    ("Middlemarch", "George Eliot", 1199, "A study of provincial life.", "middlemarch.txt"),
    ("The Moonstone", "Wilkie Collins", 999, "A diamond is missed at breakfast.", None),
    ("Three Men in a Boat", "Jerome K. Jerome", 799, "To say nothing of the dog.", None),
]


def seed():
    if session.query(Book).count():
        return
    for title, author, price, description, sample in STOCK:
        session.add(Book(title=title, author=author, price=price, description=description, sample=sample))
    session.commit()
