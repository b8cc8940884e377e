"""Ink & Paper, a small bookshop on the web."""

from .application import create_app

__all__ = ["create_app"]
