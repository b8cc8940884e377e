"""Files below the folders of the shop."""


class OutsideFolder(ValueError):
    """The name leads out of the folder it belongs to."""


def inside(folder, name):
    """The path of the name in the folder, symbolic links followed."""
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise OutsideFolder
    return path


def read(folder, name):
    return inside(folder, name).read_bytes()
