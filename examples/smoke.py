"""Start an example, fetch its front page, stop it: ``python examples/smoke.py examples/bookshop VENV/bin/python``.

The interpreter is that of a virtual environment with the example's requirements. The exit code is 0 when the page
shows a book, 1 otherwise; what the server wrote is shown then.
"""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

TITLE = "Middlemarch"
SECONDS = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(folder, port):
    return {
        **os.environ,
        "BOOKSHOP_DATA": str(folder / "data"),
        "BOOKSHOP_PORT": str(port),
        "BOOKSHOP_SECRET_KEY": secrets.token_hex(32),
        "BOOKSHOP_VAULT_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "BOOKSHOP_PARTNER_KEY": secrets.token_hex(32),
        "BOOKSHOP_PAYMENT_KEY": secrets.token_hex(32),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def front_page(server, port):
    """The page, or None when the server has ended or the time is over."""
    # No proxy of the surroundings stands between us and the loopback interface.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with opener.open(f"http://127.0.0.1:{port}/", timeout=5) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            print(f"the front page answers {error.code}")
            return None
        except OSError:
            time.sleep(0.2)
    return None


def stop(server):
    """End the server and the reloader's child, which share a process group."""
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    except ProcessLookupError:
        server.wait()


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    # Not resolved: the interpreter of a virtual environment is a link, and the link is what makes it one.
    example, python = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        with output.open("wb") as log:
            server = subprocess.Popen(
                [python, "-m", "bookshop"],
                cwd=example,
                env=environment(Path(folder), port),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            page = front_page(server, port)
        finally:
            stop(server)
        if page is None or TITLE not in page:
            print(f"{example.name}: no page with {TITLE} within {SECONDS} seconds")
            print(output.read_text(errors="replace"))
            return 1
    print(f"{example.name}: the front page shows {TITLE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
