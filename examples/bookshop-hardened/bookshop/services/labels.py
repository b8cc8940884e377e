"""Address labels for parcels."""

import logging
import subprocess
import tempfile
from pathlib import Path

from .. import settings
from ..forms import FormError
from . import vault

log = logging.getLogger(__name__)


def print_label(order, printer):
    if printer not in settings.PRINTERS:
        raise FormError
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "label.txt"
        path.write_text(f"Order {order.id}\n{vault.unseal(order.address)}\n", encoding="utf-8")
        command = [settings.PRINT_COMMAND, "-d", printer, str(path)]
        status = subprocess.run(command, timeout=30, check=False).returncode
    log.info("label of order %s printed, status %s", order.id, status)
    return status == 0
