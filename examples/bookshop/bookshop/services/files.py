"""Files below the folders of the shop."""

import os


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def store(folder, upload):
    """Keep an uploaded file under its own name; returns the path."""
    path = os.path.join(folder, upload.filename)
    upload.save(path)
    return path
