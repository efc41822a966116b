#!/usr/bin/env python3
"""Keeps docs/failure-model.md complete: every row of docs/requirements.md and every hole of
docs/outcome.md stands there with tests that exist, or with a reason why nothing asserts it yet. It
reads sources only, so it needs no build; it must never change one.

    failure_model.py ROOT        checks; prints how many rows are covered; exit 1 if one is not right
    failure_model.py --self-test spoils small documents and sees that each fault is found
"""
import pathlib
import re
import sys

ROW = re.compile(r"^([A-EGH]\d+|F\d+(\.\d)?|P[67]-[A-Z]\d)$")
TEST = re.compile(r"^(\w+)\.(\w+)(?:\.(\w+))?(?:/(\w+))?$")
REASON = re.compile(r"[Nn]ot yet: *\S.{15,}")


def cells_of(line):
    """The cells of a table line, or nothing."""
    if not line.startswith("|"):
        return []
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table(text, head):
    """The rows of the tables whose first cells are `head`."""
    rows, inside = [], False
    for line in text.splitlines():
        cells = cells_of(line)
        if cells[:len(head)] == head:
            inside = True
        elif not cells:
            inside = False
        elif inside and not set(cells[0]) <= set("-: "):
            rows.append(cells)
    return rows


def arguments_of(text, command):
    """The words of each `command(...)` in a CMake file, comments left out."""
    text = re.sub(r"#[^\n]*", "", text)
    return [found.split() for found in re.findall(r"\b" + command + r"\(([^()]*)\)", text)]


class Tests:
    """Every test by the name that ctest prints, from the CMake files and the gtest sources."""

    def __init__(self, root):
        self.programs, self.plain, self.parameters = {}, set(), {}
        for cmake in sorted((root / "tests").rglob("CMakeLists.txt")):
            text, folder = cmake.read_text(encoding="utf-8"), cmake.parent
            for words in arguments_of(text, "aeromq_test"):
                end = words.index("LINK") if "LINK" in words else len(words)
                self.add(words[0], folder, words[words.index("SOURCES") + 1:end])
            for words in arguments_of(text, "system_test"):
                self.add("system_" + words[0], folder, [words[0] + ".cc"])
            for words in arguments_of(text, "add_test"):
                self.plain.add(words[words.index("NAME") + 1])
        self.predicates = set()
        for path in (root / "chaos" / "checker").glob("*.cc"):
            self.predicates |= set(re.findall(r'"([ILV]-[A-Z]+)"', path.read_text(encoding="utf-8")))
        for path in (root / "chaos" / "kill").glob("*.cc"):
            self.predicates |= set(re.findall(r'"(F\d\.\d):', path.read_text(encoding="utf-8")))

    def add(self, program, folder, sources):
        suites = self.programs.setdefault(program, {})
        words = {path.stem for path in folder.rglob("*") if path.is_file()}
        # A source named through a variable is another folder's, and stands under its own program too.
        for path in (folder / name for name in sources if name.endswith(".cc") and "${" not in name):
            text = path.read_text(encoding="utf-8")
            same = dict(re.findall(r"^using (\w+) = (\w+);", text, re.M))
            for suite, case in re.findall(r"^\s*TEST(?:_[FP])?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text, re.M):
                suites.setdefault(suite, set()).add(case)
                if suite in same:
                    suites.setdefault(same[suite], set())
        # What a parameter is called stands as a word in the sources, or is a file's name.
        for path in folder.glob("*.cc"):
            words |= set(re.findall(r'"([\w.]+)"', path.read_text(encoding="utf-8")))
        self.parameters[program] = {word.replace(".", "_") for word in words}

    def exists(self, name):
        if name.startswith("kill: "):
            return name[len("kill: "):] in self.predicates
        if name in self.plain:
            return True
        found = TEST.match(name)
        if not found or found[1] not in self.programs:
            return False
        cases = self.programs[found[1]].get(found[2])
        return (cases is not None and (found[3] is None or found[3] in cases) and
                (found[4] is None or found[4] in self.parameters[found[1]]))


def check(wanted, rows, exists):
    """(faults, covered, partly, not yet) of a table: first cell the row, last cell its tests."""
    faults, covered, partly, missing, seen = [], [], [], [], set()
    for cells in rows:
        row, told = cells[0], cells[-1]
        if row in seen:
            faults.append(f"{row}: stands twice")
        seen.add(row)
        if row not in wanted:
            faults.append(f"{row}: no such row in its source")
        names = re.findall(r"`([^`]+)`", re.split(r"[Nn]ot yet:", told)[0])
        faults += [f"{row}: no such test: {name}" for name in names if not exists(name)]
        reason = REASON.search(told)
        if not names and not reason:
            faults.append(f"{row}: neither a test nor 'not yet: <reason>'")
        (partly if names and reason else covered if names else missing).append(row)
    faults += [f"{row}: is missing" for row in wanted if row not in seen]
    return faults, covered, partly, missing


def self_test():
    tests = {"t.S.Good"}.__contains__
    why = "nothing plays a broken network yet"
    good = table("| row | x |\n| --- | --- |\n| A1 | `t.S.Good` |\n| A2 | not yet: " + why + " |\n"
                 "| A3 | `t.S.Good`; not yet: `t.S.Other`, " + why + " |", ["row"])
    assert check(["A1", "A2", "A3"], good, tests) == ([], ["A1"], ["A3"], ["A2"])
    for told, wanted, fault in [("`t.S.Bad`", ["A1"], "A1: no such test: t.S.Bad"),
                                ("", ["A1"], "A1: neither a test nor 'not yet: <reason>'"),
                                ("not yet: no", ["A1"], "A1: neither a test nor 'not yet: <reason>'"),
                                ("`t.S.Good`", ["A1", "A2"], "A2: is missing"),
                                ("`t.S.Good`", [], "A1: no such row in its source")]:
        assert check(wanted, [["A1", told]], tests)[0] == [fault], (told, fault)
    assert check(["A1"], [["A1", "`t.S.Good`"]] * 2, tests)[0] == ["A1: stands twice"]
    real = Tests(pathlib.Path(__file__).resolve().parents[2])
    for name in ["layers", "broker_test.BrokerLoss", "broker_test.OutcomeHole06.LossIsOneStep",
                 "scenario_test.Scenario.HappensToTheLetter/expiry",
                 "kill: I-ONCE"]:
        assert real.exists(name), name
    for name in ["layer", "broker_test.BrokerLos", "broker_test.OutcomeHole06.LossIsTwoSteps",
                 "scenario_test.Scenario.HappensToTheLetter/never", "kill: I-TWICE"]:
        assert not real.exists(name), name
    print("each fault is found")


def main():
    root = pathlib.Path(sys.argv[1])
    def text(name):
        return (root / "docs" / name).read_text(encoding="utf-8")
    model, tests = text("failure-model.md"), Tests(root)
    requirements = [cells_of(line)[0] for line in text("requirements.md").splitlines()
                    if cells_of(line) and ROW.match(cells_of(line)[0])]
    holes = [cells[0] for cells in table(text("outcome.md"), ["#", "what could happen"])]
    if not requirements or not holes:
        print("no rows found: is this the root of the project?")
        return 2
    bad = 0
    for what, wanted, head in [("requirements", requirements, ["row", "enforced by"]),
                               ("holes", holes, ["#", "tests"])]:
        faults, covered, partly, missing = check(wanted, table(model, head), tests.exists)
        bad += len(faults)
        for fault in faults:
            print(f"docs/failure-model.md: {what}: {fault}")
        print(f"{what}: {len(wanted)} rows, {len(covered)} covered, {len(partly)} in part "
              f"({', '.join(partly) or 'none'}), {len(missing)} not yet "
              f"({', '.join(missing) or 'none'})")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: failure_model.py ROOT | --self-test")
    sys.exit(self_test() if sys.argv[1] == "--self-test" else main())
