"""Accounts: opening one, signing in and out, the profile, forgotten passwords."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from .. import forms
from ..extensions import limiter
from ..log import audit
from ..security import login_required, sign_in, sign_out
from ..services import accounts

bp = Blueprint("account", __name__, url_prefix="/account")

RETURN_TO = {"orders.mine", "account.profile", "shop.show_basket"}


@bp.route("/register", methods=["GET", "POST"])
@limiter.limit("5 per minute", methods=["POST"])
def register():
    if request.method == "POST":
        form = forms.read(forms.Registration, request.form.to_dict())
        try:
            user = accounts.register(form.email, form.name, form.password)
        except accounts.EmailTaken:
            return render_template("register.html", error="Please take another email address."), 400
        sign_in(user)
        return redirect(url_for("shop.index"))
    return render_template("register.html")


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("5 per minute", methods=["POST"])
def login():
    if request.method == "POST":
        form = forms.read(forms.Credentials, request.form.to_dict())
        user = accounts.authenticate(form.email, form.password)
        if user is None:
            return render_template("login.html", error="Wrong email address or password."), 401
        sign_in(user)
        endpoint = request.args.get("next")
        if endpoint not in RETURN_TO:
            endpoint = "shop.index"
        return redirect(url_for(endpoint))
    return render_template("login.html")


@bp.route("/logout", methods=["POST"])
@login_required
def logout():
    audit("logout", "success", user=g.user.id)
    sign_out()
    return redirect(url_for("shop.index"))


@bp.route("/profile", methods=["GET", "POST"])
@login_required
def profile():
    if request.method == "POST":
        form = forms.read(forms.Profile, request.form.to_dict())
        try:
            accounts.change_profile(g.user, form.email, form.name)
        except accounts.EmailTaken:
            return render_template("profile.html", error="Please take another email address."), 400
        flash("Saved.")
    return render_template("profile.html")


@bp.route("/reset", methods=["GET", "POST"])
@limiter.limit("5 per hour", methods=["POST"])
def request_reset():
    if request.method == "POST":
        form = forms.read(forms.ResetRequest, request.form.to_dict())
        accounts.send_reset(form.email)
        flash("If you have an account, a mail is on its way to you.")
        return redirect(url_for("account.login"))
    return render_template("reset.html")


@bp.route("/reset/<token>", methods=["GET", "POST"])
@limiter.limit("5 per minute", methods=["POST"])
def reset(token):
    if request.method == "POST":
        form = forms.read(forms.NewPassword, request.form.to_dict())
        if accounts.reset(token, form.password) is None:
            return render_template("reset.html", error="This link is not valid."), 400
        return redirect(url_for("account.login"))
    return render_template("reset.html", token=token)
