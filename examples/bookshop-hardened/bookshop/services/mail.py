"""Mail to customers."""

import logging
import smtplib
import ssl
from email.message import EmailMessage

from .. import settings

log = logging.getLogger(__name__)

SUBMISSION = 587


def send(to, subject, body):
    if not settings.MAIL_HOST:
        log.warning("no mail server is configured, a mail was not sent")
        return
    message = EmailMessage()
    message["From"] = settings.MAIL_FROM
    message["To"] = to
    message["Subject"] = subject
    message.set_content(body)
    with smtplib.SMTP(settings.MAIL_HOST, SUBMISSION, timeout=10) as server:
        server.starttls(context=ssl.create_default_context())
        server.login(settings.MAIL_USER, settings.MAIL_PASSWORD)
        server.send_message(message)
