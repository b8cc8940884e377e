"""The card that goes into a parcel sent as a gift."""

from flask import render_template


def card(sender, message):
    return render_template("card.html", sender=sender, message=message)
