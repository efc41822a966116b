#!/usr/bin/env python3
"""Makes known-bad variants of the product: copies of single source files with one guarantee taken
out. The product's own sources are only read, never changed, and hold no mutant.

    mutate.py check  ROOT MUTANT...        every edit fits its file exactly once
    mutate.py write  ROOT MUTANT OUT       the mutated files, below OUT, as in the tree
    mutate.py list   ROOT INDEX MUTANT...  INDEX (JSON, for aeromq-chaos) and, printed, one line
                                           of CMake a mutant

A mutant is a text file, NAME.mutant: a head of `key: value` lines, then its edits.

    breaks:    one sentence
    row:       the row of docs/requirements.md or the hole of docs/outcome.md
    predicate: the one that must catch it
    rung:      simulation | power-cut | disk-error
    budget:    runs (simulation) or cuts and errors (the others) within which it must
    defences:  optional: why more than one place is edited
    compile:   optional: sources to compile anew because an edited header is theirs
    program:   the process to build; rungs of real processes only

    === kernel/embedded.cc
    <<<
    text that stands exactly once in the file
    ---
    its replacement
    >>>
"""
import json
import pathlib
import sys

KEYS = ("breaks", "row", "predicate", "rung", "budget", "defences", "compile", "program")
NEEDED = ("breaks", "row", "predicate", "rung", "budget")
RUNGS = ("simulation", "power-cut", "disk-error")


class Wrong(Exception):
    """What is wrong with a mutant, for a person."""


def read(path):
    """The mutant as a dictionary; `edits` is a list of (file, find, replacement)."""
    path = pathlib.Path(path)
    mutant = {"name": path.stem, "edits": []}
    state, file, find, made = "head", None, [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if state == "find":
            state = "made" if line == "---" else state
            if line != "---":
                find.append(line)
        elif state == "made":
            if line != ">>>":
                made.append(line)
                continue
            mutant["edits"].append((file, "\n".join(find), "\n".join(made)))
            state, find, made = "between", [], []
        elif line.startswith("=== "):
            state, file = "between", line[4:].strip()
        elif line == "<<<":
            if file is None:
                raise Wrong(f"{where}: an edit of no file")
            state = "find"
        elif state == "head" and line.strip():
            key, colon, value = line.partition(":")
            if not colon or key not in KEYS or key in mutant or not value.strip():
                raise Wrong(f"{where}: no such line in the head: {line}")
            mutant[key] = value.strip()
        elif line.strip():
            raise Wrong(f"{where}: text outside an edit: {line}")
    missing = [key for key in NEEDED if key not in mutant]
    if missing or state != "between" or not mutant["edits"]:
        raise Wrong(f"{path.name}: missing {', '.join(missing) or 'an edit, or its end'}")
    if mutant["rung"] not in RUNGS:
        raise Wrong(f"{path.name}: no such rung: {mutant['rung']}")
    if not mutant["budget"].isdigit() or int(mutant["budget"]) == 0:
        raise Wrong(f"{path.name}: the budget is a number of runs")
    if (mutant["rung"] == "simulation") == ("program" in mutant):
        raise Wrong(f"{path.name}: a program is named exactly for a rung of real processes")
    mutant["budget"] = int(mutant["budget"])
    mutant["compile"] = mutant.get("compile", "").split()
    return mutant


def apply(root, mutant):
    """{file: mutated text}. Fails unless every text is found exactly once."""
    texts = {}
    for file, find, made in mutant["edits"]:
        original = pathlib.Path(root) / file
        if file not in texts:
            if not original.is_file():
                raise Wrong(f"{mutant['name']}: there is no {file}")
            texts[file] = original.read_text()
        found = texts[file].count(find) if find else 0
        if found != 1:
            raise Wrong(f"{mutant['name']}: found {found} times in {file}:\n{find}")
        if find == made:
            raise Wrong(f"{mutant['name']}: an edit of {file} changes nothing")
        texts[file] = texts[file].replace(find, made)
    for file in mutant["compile"]:
        if not (pathlib.Path(root) / file).is_file():
            raise Wrong(f"{mutant['name']}: there is no {file}")
    return texts


def files_of(mutant):
    return list(dict.fromkeys(file for file, _, _ in mutant["edits"]))


def write(root, path, out):
    for file, text in apply(root, read(path)).items():
        target = pathlib.Path(out) / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def list_all(root, index, paths):
    mutants = [read(path) for path in sorted(paths, key=lambda path: pathlib.Path(path).stem)]
    wanted = ("name", "breaks", "row", "predicate", "rung", "budget", "defences")
    text = json.dumps([{key: mutant[key] for key in wanted if key in mutant}
                       for mutant in mutants], indent=1) + "\n"
    target = pathlib.Path(index)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or target.read_text() != text:
        target.write_text(text)
    for mutant in mutants:
        if mutant["compile"]:
            compiled = " COMPILE " + " ".join(mutant["compile"])
        else:
            compiled = ""
        program = f" PROGRAM {mutant['program']}" if "program" in mutant else ""
        print(f"aeromq_mutant({mutant['name']} EDITS {' '.join(files_of(mutant))}"
              f"{compiled}{program})")


def main(words):
    try:
        if words[:1] == ["check"] and len(words) > 2:
            for path in words[2:]:
                apply(words[1], read(path))
        elif words[:1] == ["write"] and len(words) == 4:
            write(*words[1:])
        elif words[:1] == ["list"] and len(words) > 3:
            list_all(words[1], words[2], words[3:])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
