"""Books and their reviews."""

from sqlalchemy import text

from ..db import session
from ..models import Book, Review


class BookRepository:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.query(Book).order_by(Book.title).all()

    def get(self, book_id):
        return self.db.get(Book, book_id)

    def search(self, term, order="title"):
        statement = "SELECT id, title, author, price FROM books"
        if term:
            statement += " WHERE title LIKE '%" + term + "%' OR author LIKE '%" + term + "%'"
        statement += " ORDER BY " + order
        return self.db.execute(text(statement)).all()

    def add(self, **fields):
        book = Book(**fields)
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
