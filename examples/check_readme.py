"""Compare the tables of the examples' READMEs with the code: ``python examples/check_readme.py [--write]``.

A row names a place, ``file:line``, and the code that stands there. With ``--write`` the line numbers are set right;
a row whose code is not in its file, or is there more than once while the line is wrong, is always an error.
"""

import re
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROW = re.compile(r"^\| `([^`:]+):(\d+)` \| `([^`]+)` \|")


def mend(example, row, errors):
    match = ROW.match(row)
    if not match:
        return row
    name, line, code = match[1], int(match[2]), match[3].replace("\\|", "|")
    lines = (example / name).read_text(encoding="utf-8").splitlines()
    if line <= len(lines) and line > 0 and code in lines[line - 1]:
        return row
    found = [number for number, text in enumerate(lines, start=1) if code in text]
    if len(found) != 1:
        errors.append(f"{example.name}: {name}: {len(found)} lines with {code}")
        return row
    return row.replace(f"`{name}:{line}`", f"`{name}:{found[0]}`", 1)


def main():
    write = sys.argv[1:] == ["--write"]
    errors = []
    for readme in sorted(EXAMPLES.glob("*/README.md")):
        text = readme.read_text(encoding="utf-8")
        mended = "\n".join(mend(readme.parent, row, errors) for row in text.split("\n"))
        if mended == text:
            continue
        if write:
            readme.write_text(mended, encoding="utf-8")
        else:
            errors.append(f"{readme.parent.name}: line numbers of README.md are stale, run with --write")
    print("\n".join(errors) or "the tables agree with the code")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
