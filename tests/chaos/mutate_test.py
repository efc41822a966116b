#!/usr/bin/env python3
"""Tests chaos/mutants/mutate.py: that every mutant of the tree still fits its sources, and that one
which does not is refused.

    mutate_test.py ROOT
"""
import importlib.util
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1])
SPEC = importlib.util.spec_from_file_location("mutate", ROOT / "chaos/mutants/mutate.py")
mutate = importlib.util.module_from_spec(SPEC)
sys.dont_write_bytecode = True
SPEC.loader.exec_module(mutate)

HEAD = "breaks: b\nrow: G1\npredicate: I-ONCE\nrung: simulation\nbudget: 7\n\n"
SOURCE = "int one = 1;\nint two = 2;\nint three = 2;\n"


def edit(find, made, file="a.cc"):
    return f"=== {file}\n<<<\n{find}\n---\n{made}\n>>>\n"


# (the mutant's text, a word of what must be said; None = it is good)
CASES = [
    (HEAD + edit("int one = 1;", "int one = 3;"), None),
    (HEAD + edit("int one = 1;\nint two = 2;", "int one = 3;"), None),
    (HEAD + edit("int one = 1;", "int one = 3;") + edit("int two = 2;", "int two = 3;"), None),
    (HEAD + edit("= 2;", "= 3;"), "found 2 times"),
    (HEAD + edit("int four", "int five"), "found 0 times"),
    (HEAD + edit("int one = 1;", "x") + edit("int one = 1;", "y"), "found 0 times"),
    (HEAD + edit("int one = 1;", "int one = 1;"), "changes nothing"),
    (HEAD + edit("int one = 1;", "x", "gone.cc"), "there is no gone.cc"),
    (HEAD.replace("row: G1\n", "") + edit("int one = 1;", "x"), "missing row"),
    (HEAD.replace("budget: 7", "budget: some") + edit("int one = 1;", "x"), "a number of runs"),
    (HEAD.replace("rung: simulation", "rung: moon") + edit("int one = 1;", "x"), "no such rung"),
    (HEAD.replace("rung: simulation", "rung: power-cut") + edit("int one = 1;", "x"), "a program"),
    ("program: p\n" + HEAD + edit("int one = 1;", "x"), "a program"),
    ("color: red\n" + HEAD + edit("int one = 1;", "x"), "no such line"),
    (HEAD, "an edit"),
    (HEAD + "=== a.cc\n<<<\nint one = 1;\n---\nx\n", "an edit, or its end"),
    (HEAD + edit("int one = 1;", "x") + "stray\n", "text outside"),
    (HEAD + "<<<\nint one = 1;\n---\nx\n>>>\n", "edit of no file"),
]


def said_about(text):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "a.cc").write_text(SOURCE)
        (root / "case.mutant").write_text(text)
        try:
            made = mutate.apply(root, mutate.read(root / "case.mutant"))
        except mutate.Wrong as wrong:
            return str(wrong)
        assert made["a.cc"] != SOURCE
        assert (root / "a.cc").read_text() == SOURCE, "the source itself was changed"
        return None


def main():
    faults = []
    for text, wanted in CASES:
        said = said_about(text)
        if (said is None) != (wanted is None) or (wanted is not None and wanted not in said):
            faults.append(f"wanted {wanted!r}, said {said!r}, of:\n{text}")
    mutants = sorted((ROOT / "chaos/mutants").glob("*.mutant"))
    if len(mutants) < 30:
        faults.append(f"{len(mutants)} mutants, at least 30 are promised")
    predicates = (ROOT / "chaos/checker/checker.cc").read_text()
    for path in mutants:
        try:
            mutant = mutate.read(path)
            mutate.apply(ROOT, mutant)
            if f'"{mutant["predicate"]}"' not in predicates:
                faults.append(f"{path.name}: no predicate {mutant['predicate']}")
        except mutate.Wrong as wrong:
            faults.append(str(wrong))
    for fault in faults:
        print(fault)
    print(f"{len(CASES)} cases, {len(mutants)} mutants, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
