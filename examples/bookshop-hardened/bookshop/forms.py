"""What customers type into the forms of the shop, and what other programs send."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, PositiveInt, StringConstraints, TypeAdapter, ValidationError

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
]
Password = Annotated[str, StringConstraints(min_length=12, max_length=128)]
Copies = Annotated[int, Field(ge=1, le=99)]


class FormError(ValueError):
    """The form cannot be used as it is."""


class Registration(BaseModel):
    email: Email
    name: Line
    password: Password


class Credentials(BaseModel):
    email: Email
    password: Annotated[str, StringConstraints(max_length=128)]


class Profile(BaseModel):
    email: Email
    name: Line


class ResetRequest(BaseModel):
    email: Email


class NewPassword(BaseModel):
    password: Password


class Review(BaseModel):
    body: Text


class BasketLine(BaseModel):
    book_id: PositiveInt
    quantity: Copies = 1


class Quote(BaseModel):
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    rule: Literal["list", "school", "bookseller"] = "list"


class Delivery(BaseModel):
    address: Text


class Card(BaseModel):
    message: Text


class Feed(BaseModel):
    address: Text
    lines: dict[PositiveInt, Copies]


class Payment(BaseModel):
    order: PositiveInt


class Role(BaseModel):
    role: Literal["customer", "admin"]


class StockEntry(BaseModel):
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    author: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    price: PositiveInt
    description: Annotated[str, StringConstraints(max_length=2000)] = ""


STOCK = TypeAdapter(list[StockEntry])


def read(form, values):
    """The values as the form wants them, or a ``FormError``."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise FormError from error


def read_stock(entries):
    try:
        return STOCK.validate_python(entries)
    except ValidationError as error:
        raise FormError from error
