"""Everything a deployment may want to change. Keys have no default: without them the shop does not start."""

import os
from datetime import timedelta
from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(os.environ.get("BOOKSHOP_DATA", PACKAGE_DIR.parent / "var"))
SAMPLES_DIR = PACKAGE_DIR / "samples"
COVERS_DIR = DATA_DIR / "covers"

PORT = int(os.environ.get("BOOKSHOP_PORT", "8000"))
PUBLIC_URL = os.environ.get("BOOKSHOP_URL", "https://localhost")
TRUSTED_HOSTS = os.environ.get("BOOKSHOP_HOSTS", "localhost,127.0.0.1").split(",")
PROXIES = int(os.environ.get("BOOKSHOP_PROXIES", "0"))
DEBUG = False

SECRET_KEY = os.environ["BOOKSHOP_SECRET_KEY"]
VAULT_KEY = os.environ["BOOKSHOP_VAULT_KEY"]
PARTNER_KEY = os.environ["BOOKSHOP_PARTNER_KEY"]
PAYMENT_KEY = os.environ["BOOKSHOP_PAYMENT_KEY"]

DATABASE_URL = os.environ.get("DATABASE_URL", f"sqlite:///{DATA_DIR / 'bookshop.db'}")

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = timedelta(hours=8)
MAX_CONTENT_LENGTH = 4 * 1024 * 1024
RATELIMIT_STORAGE_URI = os.environ.get("BOOKSHOP_LIMITS_URL", "memory://")

MAIL_HOST = os.environ.get("MAIL_HOST", "")
MAIL_FROM = "shop@inkandpaper.example"
MAIL_USER = os.environ.get("MAIL_USER", "")
MAIL_PASSWORD = os.environ.get("MAIL_PASSWORD", "")

API_ORIGINS = ["https://www.inkandpaper.example"]
COVER_HOSTS = {"covers.inkandpaper.example", "images.publishers.example"}
PRINT_COMMAND = "/usr/bin/lp"
PRINTERS = ("counter", "stockroom")
