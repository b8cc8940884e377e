"""The card that goes into a parcel sent as a gift."""

from flask import render_template_string

CARD = """
{% extends "base.html" %}
{% block content %}
<section class="card">
  <p>MESSAGE</p>
  <p>Sent with love by {{ sender }} through Ink &amp; Paper</p>
</section>
{% endblock %}
"""


def card(sender, message):
    return render_template_string(CARD.replace("MESSAGE", message), sender=sender)
