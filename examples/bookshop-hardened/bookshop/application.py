"""The application factory."""

import logging

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from . import settings
from .cli import create_admin, create_tables
from .db import init_db, session
from .extensions import cors, csrf, limiter
from .forms import FormError
from .log import configure_logging
from .security import load_user, set_headers
from .seed import seed
from .views import account, admin, api, orders, shop

log = logging.getLogger(__name__)


def create_app(overrides=None):
    configure_logging()
    app = Flask(__name__)
    app.config.from_object(settings)
    app.config.update(overrides or {})
    if settings.PROXIES:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.PROXIES, x_proto=settings.PROXIES)
    cors.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)

    if init_db(app.config["DATABASE_URL"]):
        seed()

    app.before_request(load_user)
    app.after_request(set_headers)
    app.teardown_appcontext(close_session)
    app.register_error_handler(FormError, show_form_error)
    app.register_error_handler(Exception, show_error)
    app.template_filter("money")(money)
    for module in (shop, account, orders, admin, api):
        app.register_blueprint(module.bp)
    # The interface is called by programs that sign what they send; it knows no cookies.
    csrf.exempt(api.bp)
    app.cli.add_command(create_admin)
    app.cli.add_command(create_tables)
    return app


def close_session(error=None):
    session.remove()


def money(pence):
    return f"£{pence / 100:.2f}"


def show_form_error(error):
    return render_template("error.html", title="Bad Request", detail="Please check what you typed."), 400


def show_error(error):
    if isinstance(error, HTTPException):
        return render_template("error.html", title=error.name, detail=""), error.code
    log.exception("request failed")
    return render_template("error.html", title="Something went wrong", detail="We have been told."), 500
