"""Address labels for parcels."""

import logging
import os
import subprocess
import tempfile

from . import vault

log = logging.getLogger(__name__)


def print_label(order, printer):
    path = tempfile.mktemp(suffix=".txt")
    with open(path, "w") as file:
        file.write("Order {}\n{}\n".format(order.id, vault.unseal(order.address)))
    status = subprocess.call("lp -d {} {}".format(printer, path), shell=True)
    os.remove(path)
    log.info("label of order %s printed, status %s", order.id, status)
    return status == 0
