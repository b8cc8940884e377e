"""The application factory."""

import logging
import traceback

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from . import settings
from .db import init_db, session
from .extensions import cors
from .log import configure_logging
from .security import load_user
from .seed import seed
from .views import account, admin, api, orders, shop

log = logging.getLogger(__name__)


def create_app(overrides=None):
    configure_logging()
    app = Flask(__name__)
    app.config.from_object(settings)
    app.config.update(overrides or {})
    cors.init_app(app)

    init_db(app.config["DATABASE_URL"])
    seed()

    app.before_request(load_user)
    app.teardown_appcontext(close_session)
    app.register_error_handler(Exception, show_error)
    app.template_filter("money")(money)
    for module in (shop, account, orders, admin, api):
        app.register_blueprint(module.bp)
    return app


def close_session(error=None):
    session.remove()


def money(pence):
    return "£{:.2f}".format(pence / 100)


def show_error(error):
    if isinstance(error, HTTPException):
        return render_template("error.html", title=error.name, detail=error.description), error.code
    log.exception("request failed")
    detail = traceback.format_exc()
    return render_template("error.html", title=str(error), detail=detail), 500
