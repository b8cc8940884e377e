"""Orders and their lines."""

from ..db import session
from ..models import Order, OrderLine


class OrderRepository:
    def __init__(self, db):
        self.db = db

    def recent(self):
        return self.db.query(Order).order_by(Order.id.desc()).limit(50).all()

    def of_user(self, user_id):
        return self.db.query(Order).filter_by(user_id=user_id).order_by(Order.id.desc()).all()

    def get(self, order_id):
        return self.db.get(Order, order_id)

    def add(self, user_id, address, total, lines):
        order = Order(user_id=user_id, address=address, total=total)
        order.lines = [OrderLine(book_id=book_id, quantity=quantity) for book_id, quantity in lines.items()]
        self.db.add(order)
        self.db.commit()
        return order

    def set_status(self, order, status):
        order.status = status
        self.db.commit()


orders = OrderRepository(session)
