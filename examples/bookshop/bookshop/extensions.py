"""The Flask extensions of the shop, bound to the application by its factory."""

from flask_cors import CORS

cors = CORS(origins="*", supports_credentials=True)
