"""Accounts: opening one, signing in and out, the profile, forgotten passwords."""

import logging

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from .. import forms
from ..repositories.users import users
from ..security import login_required, sign_in, sign_out
from ..services import accounts

log = logging.getLogger(__name__)
bp = Blueprint("account", __name__, url_prefix="/account")


@bp.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "POST":
        try:
            user = accounts.register(**forms.registration(request.form))
        except ValueError as error:
            return render_template("register.html", error=str(error)), 400
        sign_in(user)
        return redirect(url_for("shop.index"))
    return render_template("register.html")


@bp.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        user = accounts.authenticate(request.form["email"], request.form["password"])
        if user is None:
            return render_template("login.html", error="Wrong email address or password."), 401
        sign_in(user)
        log.info("user %s signed in", user.id)
        return redirect(request.args.get("next") or url_for("shop.index"))
    return render_template("login.html")


@bp.route("/logout")
def logout():
    sign_out()
    return redirect(url_for("shop.index"))


@bp.route("/profile", methods=["GET", "POST"])
@login_required
def profile():
    if request.method == "POST":
        users.update(g.user, forms.profile(request.form))
        flash("Saved.")
    return render_template("profile.html")


@bp.route("/reset", methods=["GET", "POST"])
def request_reset():
    if request.method == "POST":
        try:
            accounts.send_reset(request.form["email"], request.host_url)
        except ValueError as error:
            return render_template("reset.html", error=str(error)), 400
        flash("A mail is on its way to you.")
        return redirect(url_for("account.login"))
    return render_template("reset.html")


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token):
    if request.method == "POST":
        if accounts.reset(token, request.form["password"]) is None:
            return render_template("reset.html", error="This link is not valid."), 400
        return redirect(url_for("account.login"))
    return render_template("reset.html", token=token)
