"""The Flask extensions of the shop, bound to the application by its factory."""

from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect

from . import settings

cors = CORS(resources={r"/api/books": {"origins": settings.API_ORIGINS}})
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, default_limits=["300 per minute"])
