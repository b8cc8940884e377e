"""Mail to customers."""

import logging
import smtplib
from email.message import EmailMessage

from .. import settings

log = logging.getLogger(__name__)


def send(to, subject, body):
    log.info("mail to %s: %s", to, body)
    if not settings.MAIL_HOST:
        return
    message = EmailMessage()
    message["From"] = settings.MAIL_FROM
    message["To"] = to
    message["Subject"] = subject
    message.set_content(body)
    with smtplib.SMTP(settings.MAIL_HOST) as server:
        server.login(settings.MAIL_USER, settings.MAIL_PASSWORD)
        server.send_message(message)
