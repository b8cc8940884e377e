"""The tables of the shop."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import relationship

from .db import Base


class Book(Base):
    __tablename__ = "books"

    id = Column(Integer, primary_key=True)
    title = Column(String(200), nullable=False)
    author = Column(String(200), nullable=False)
    price = Column(Integer, nullable=False)
    description = Column(Text, default="", nullable=False)
    sample = Column(String(200))
    reviews = relationship("Review", back_populates="book", order_by="Review.id", cascade="all, delete-orphan")


class Review(Base):
    __tablename__ = "reviews"

    id = Column(Integer, primary_key=True)
    book_id = Column(ForeignKey("books.id"), nullable=False)
    name = Column(String(80), nullable=False)
    body = Column(Text, nullable=False)
    book = relationship("Book", back_populates="reviews")


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    email = Column(String(254), unique=True, nullable=False)
    name = Column(String(80), nullable=False)
    password = Column(String(200), nullable=False)
    role = Column(String(20), default="customer", nullable=False)


class PasswordReset(Base):
    __tablename__ = "password_resets"

    token = Column(String(64), primary_key=True)
    user_id = Column(ForeignKey("users.id"), nullable=False)
    created = Column(DateTime, default=datetime.utcnow, nullable=False)
    user = relationship("User")


class Order(Base):
    __tablename__ = "orders"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"), nullable=False)
    status = Column(String(20), default="placed", nullable=False)
    address = Column(Text, nullable=False)
    total = Column(Integer, nullable=False)
    user = relationship("User")
    lines = relationship("OrderLine", cascade="all, delete-orphan")


class OrderLine(Base):
    __tablename__ = "order_lines"

    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False)
    book_id = Column(ForeignKey("books.id"), nullable=False)
    quantity = Column(Integer, nullable=False)
    book = relationship("Book")
