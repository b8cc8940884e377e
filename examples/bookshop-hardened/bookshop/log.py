"""Logging of the shop, and the record of security events."""

import json
import logging

from flask import request

_audit = logging.getLogger("bookshop.audit")


def configure_logging() -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def audit(event, outcome, **numbers):
    """Note a security event. Fields are numbers of records, never what somebody typed."""
    level = logging.INFO if outcome == "success" else logging.WARNING
    fields = json.dumps({"address": request.remote_addr, **numbers}, sort_keys=True)
    _audit.log(level, "%s %s %s", event, outcome, fields)
