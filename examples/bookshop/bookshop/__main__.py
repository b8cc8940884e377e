"""``python -m bookshop`` serves the shop."""

from . import settings
from .application import create_app


def main() -> None:
    app = create_app()
    app.run(host="0.0.0.0", port=settings.PORT, debug=settings.DEBUG)


if __name__ == "__main__":
    main()
