"""Everything a deployment may want to change."""

import os
from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(os.environ.get("BOOKSHOP_DATA", PACKAGE_DIR.parent / "var"))
SAMPLES_DIR = PACKAGE_DIR / "samples"
COVERS_DIR = DATA_DIR / "covers"

PORT = int(os.environ.get("BOOKSHOP_PORT", "8000"))
DEBUG = True

SECRET_KEY = "ink-and-paper-2019-summer"
VAULT_KEY = b"0123456789abcdef"
PARTNER_KEY = "trade-partners-of-ink-and-paper-limited"
PAYMENT_KEY = "c2hvcC1vZi1pbmstYW5kLXBhcGVy"

DATABASE_URL = os.environ.get("DATABASE_URL", "sqlite:///{}".format(DATA_DIR / "bookshop.db"))

SESSION_COOKIE_SECURE = False
SESSION_COOKIE_HTTPONLY = False

MAIL_HOST = os.environ.get("MAIL_HOST", "")
MAIL_FROM = "shop@inkandpaper.example"
MAIL_USER = "shop"
MAIL_PASSWORD = "paperback-writer"

ADMIN_EMAIL = "admin@inkandpaper.example"
ADMIN_PASSWORD = "admin"
