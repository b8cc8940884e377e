"""Books and their reviews."""

from sqlalchemy import or_, select

from ..db import session
from ..models import Book, Review

SORT_COLUMNS = {"title": Book.title, "author": Book.author, "price": Book.price}


class BookRepository:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.scalars(select(Book).order_by(Book.title)).all()

    def get(self, book_id):
        return self.db.get(Book, book_id)

    def search(self, term, order="title"):
        statement = select(Book)
        if term:
            title = Book.title.contains(term, autoescape=True)
            author = Book.author.contains(term, autoescape=True)
            statement = statement.where(or_(title, author))
        statement = statement.order_by(SORT_COLUMNS.get(order, Book.title))
        return self.db.scalars(statement).all()

    def add(self, title, author, price, description):
        book = Book(title=title, author=author, price=price, description=description)
        self.db.add(book)
        self.db.commit()
        return book

    def add_review(self, book, name, body):
        book.reviews.append(Review(name=name, body=body))
        self.db.commit()

    def delete(self, book):
        self.db.delete(book)
        self.db.commit()


books = BookRepository(session)
