"""An independent judge of advisories: OSV's evaluation, written on `packaging`, against hognose's answers.

    judge.py PROGRAM RECORDS…

PROGRAM is the example `judge` of hognose_deps; RECORDS are zips of OSV records or JSON files with one or a list of them.
Every border of every range is tried, with the versions just before and behind it, and versions drawn from the lists.
Answers, groups of aliases, nearest fixes and the versions that clear everything must agree exactly.
"""

import functools
import json
import random
import subprocess
import sys
import zipfile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

DRAWN_PER_RECORD = 4
LEAST_PAIRS = 500
ODD_VERSIONS = ["", "not-a-version", "1.0-x-y", "2019-09-12"]


KNOWN = {}


@functools.cache
def parse(text):
    """The public version, or None. Equal versions are one object: comparing them by identity is what lets a whole snapshot
    be judged in minutes."""
    try:
        version = Version(Version(text).public)
    except InvalidVersion:
        return None
    return KNOWN.setdefault(version, version)


def load(paths):
    records = []
    for path in paths:
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                records += [json.loads(archive.read(name)) for name in archive.namelist()]
        else:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            records += content if isinstance(content, list) else [content]
    return records


def version_of(text):
    """The version of an answer: `2.4` and `2.4.0` are one."""
    return None if text is None else Version(text)


def by_package(records):
    packages = {}
    for record in records:
        if record.get("withdrawn"):
            continue
        for entry in record.get("affected", []):
            if entry["package"]["ecosystem"] == "PyPI":
                name = canonicalize_name(entry["package"]["name"])
                packages.setdefault(name, {}).setdefault(record["id"], (record, []))[1].append(entry)
    return packages


def events_of(entry):
    """The events of each range of versions, as (kind, text)."""
    for a_range in entry.get("ranges", []):
        if a_range["type"] != "GIT":
            yield [pair for event in a_range["events"] for pair in event.items()]


def readable(events):
    def is_readable(kind, text):
        return (kind, text) in {("introduced", "0"), ("limit", "*")} or parse(text) is not None

    return any(kind != "limit" for kind, _ in events) and all(is_readable(*event) for event in events)


class Entry:
    """One `affected` entry, its texts parsed once."""

    def __init__(self, entry):
        listed = entry.get("versions", [])
        self.versions = {id(parse(item)) for item in listed} - {id(None)}
        self.odd = {item.strip() for item in listed if parse(item) is None}
        ranges = list(events_of(entry))
        self.ranges = [self.turns(events) for events in ranges if readable(events)]
        self.decides = bool(listed) or (bool(ranges) and len(self.ranges) == len(ranges))

    @staticmethod
    def turns(events):
        limits = [text for kind, text in events if kind == "limit"]
        limits = [] if "*" in limits else [parse(limit) for limit in limits]
        turns = [
            (kind, None if (kind, text) == ("introduced", "0") else parse(text)) for kind, text in events if kind != "limit"
        ]
        turns.sort(key=lambda turn: (turn[1] is not None, turn[1] or Version("0")))
        return limits, turns

    def affects(self, version):
        return id(version) in self.versions or any(self.in_range(version, *a_range) for a_range in self.ranges)

    @staticmethod
    def in_range(version, limits, turns):
        if limits and all(version >= limit for limit in limits):
            return False
        vulnerable = False
        for kind, at in turns:
            if kind == "introduced" and (at is None or version >= at):
                vulnerable = True
            elif kind == "fixed" and version >= at:
                vulnerable = False
            elif kind == "last_affected" and version > at:
                vulnerable = False
        return vulnerable


PREPARED = {}
ANSWERS = {}


def answer(text, entries):
    """True, False, or None for "cannot decide"."""
    return answer_of(text, parse(text), entries)


def answer_of(text, version, entries):
    key = (id(entries), text if version is None else id(version))
    if key not in ANSWERS:
        if id(entries) not in PREPARED:
            PREPARED[id(entries)] = [Entry(entry) for entry in entries]
        prepared = PREPARED[id(entries)]
        if version is None:
            ANSWERS[key] = True if any(text.strip() in entry.odd for entry in prepared) else None
        elif any(entry.affects(version) for entry in prepared):
            ANSWERS[key] = True
        else:
            ANSWERS[key] = False if all(entry.decides for entry in prepared) else None
    return ANSWERS[key]


class Package:
    """The records of one distribution, and what can be said of them without a version."""

    def __init__(self, records):
        self.records = records
        self.groups = [
            (names, members, self.fixes(members)) for names, members in groups_of(records)
        ]
        self.fixes_of_all = self.fixes(records)

    def fixes(self, members):
        return sorted(set().union(*(fixes_of(self.records[member][1]) for member in members)))


def groups_of(records):
    """Sets of record ids that are one vulnerability."""
    groups = []
    for identity, (record, _) in records.items():
        names = {identity, *record.get("aliases", [])}
        members = {identity}
        apart = []
        for known_names, known_members in groups:
            if names & known_names:
                names |= known_names
                members |= known_members
            else:
                apart.append((known_names, known_members))
        groups = apart + [(names, members)]
    return groups


def fixes_of(entries):
    texts = [text for entry in entries for events in events_of(entry) for kind, text in events if kind == "fixed"]
    return {parse(text) for text in texts} - {None}


def lowest_clear(version, candidates, records, of, answers):
    """The lowest of the sorted candidates above a version that none of the records affects."""
    if version is None:
        return None

    def clear(identity, candidate):
        at_candidate = answer_of(None, candidate, records[identity][1])
        return at_candidate is False or (at_candidate is None and answers[identity] is not True)

    for candidate in candidates:
        if candidate > version and all(clear(identity, candidate) for identity in of):
            return candidate
    return None


def preference(identity):
    for rank, prefix in enumerate(("PYSEC-", "GHSA-")):
        if identity.startswith(prefix):
            return rank, identity
    return 2, identity


def expect(text, package):
    records = package.records
    version = parse(text)
    answers = {identity: answer(text, entries) for identity, (_, entries) in records.items()}
    findings = []
    undecided = set()
    for names, members, fixes in package.groups:
        affecting = [identity for identity in members if answers[identity] is True]
        if not affecting:
            undecided |= {identity for identity in members if answers[identity] is None}
            continue
        identity = min(affecting, key=preference)
        aliases = sorted(names - {identity}, key=lambda alias: (not alias.startswith("CVE-"), alias))
        findings.append((identity, aliases, lowest_clear(version, fixes, records, members, answers)))
    clears_all = None
    if findings:
        clears_all = lowest_clear(version, package.fixes_of_all, records, records, answers)
    return sorted(findings, key=lambda finding: finding[0]), sorted(undecided), clears_all


def candidates(records, random_source):
    """Texts worth asking about for one distribution."""
    texts = set(ODD_VERSIONS)
    for _, entries in records.values():
        for entry in entries:
            for events in events_of(entry):
                for _, border in events:
                    texts.add(border)
                    version = parse(border)
                    if version is None:
                        continue
                    texts.update({f"{border}+local.1", f"v{border}.0", f"1!{version}"})
                    if not (version.is_prerelease or version.is_postrelease):
                        texts.update({f"{border}.dev0", f"{border}rc1", f"{border}.post1"})
            listed = entry.get("versions", [])
            odd = [item for item in listed if parse(item) is None]
            texts.update(random_source.sample(listed, min(len(listed), DRAWN_PER_RECORD)))
            texts.update(listed[:1] + listed[-1:] + odd)
    return sorted(text for text in texts if "\n" not in text and "\t" not in text)


def main():
    program, *paths = sys.argv[1:]
    packages = {name: Package(records) for name, records in by_package(load(paths)).items()}
    random_source = random.Random(20241010)
    pairs = [
        (name, text)
        for name, package in sorted(packages.items())
        for text in candidates(package.records, random_source)
    ]
    asked = "".join(f"{name}\t{text}\n" for name, text in pairs)
    ran = subprocess.run([program, *paths], input=asked, capture_output=True, text=True, encoding="utf-8", check=True)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(pairs), (len(answers), len(pairs))
    wrong = affected = undecided_pairs = 0
    for (name, text), got in zip(pairs, answers):
        findings, undecided, clears_all = expect(text, packages[name])
        affected += bool(findings)
        undecided_pairs += bool(undecided)
        given = (
            [(finding["id"], finding["aliases"], version_of(finding["fixed_in"])) for finding in got["findings"]],
            sorted(got["undecided"]),
            version_of(got["clears_all"]),
        )
        if given != (findings, undecided, clears_all):
            wrong += 1
            print(f"{name} {text}\n  expected {(findings, undecided, clears_all)}\n  got      {given}")
    print(
        f"{len(pairs)} pairs of {len(packages)} distributions, {affected} affected, "
        f"{undecided_pairs} with something undecided, {wrong} disagreements; {ran.stderr.strip()}"
    )
    if wrong or len(pairs) < LEAST_PAIRS or not affected or not undecided_pairs:
        sys.exit(1)


main()
