"""``python -m bookshop`` serves the shop to this machine; production has a server of its own, see the Dockerfile."""

from . import settings
from .application import create_app


def main() -> None:
    app = create_app()
    app.run(host="127.0.0.1", port=settings.PORT)


if __name__ == "__main__":
    main()
