#!/usr/bin/env python3
"""Reads every error text that the sources can give, as it is told: the sentence of its code, then the detail.

    error_texts.py ROOT            checks them; exit 1 and a line for each that is wrong
    error_texts.py ROOT --list     prints them, for whoever wants to read

Where a value is filled in, the text shows `<>`. What is made from parts elsewhere is read where its parts stand.
"""
import pathlib
import re
import sys

PRODUCT = ("messages", "transport", "process", "audit", "kernel", "broker", "actors", "client", "supervisor",
           "door", "feed")
# Helpers that make an error of one code from a detail: their name, and the code.
HELPERS = {"bad": "invalid_input", "fault": "invalid_input", "unavailable": "audit_unavailable",
           "mismatch": "confirmation_mismatch", "malformed": "malformed", "not_reached": "not_reached",
           "bad_endpoint": "invalid_input", "refuse_because": "invalid_input"}
LEAST = 300      # fewer texts than this: the reading itself is broken


def balanced(text, start):
    """The text between the parenthesis at `start` and its partner."""
    depth, at, quote = 0, start, None
    while at < len(text):
        c = text[at]
        if quote:
            if c == "\\":
                at += 1
            elif c == quote:
                quote = None
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return text[start + 1:at]
        at += 1
    return ""


def arguments(text):
    """The arguments of a call, split at its own commas."""
    parts, depth, quote, now, at = [], 0, None, "", 0
    while at < len(text):
        c = text[at]
        if quote:
            now += c
            if c == "\\":
                at += 1
                now += text[at]
            elif c == quote:
                quote = None
        elif c in "\"'":
            quote = c
            now += c
        elif c == "," and depth == 0:
            parts.append(now.strip())
            now = ""
        else:
            depth += (c in "([{") - (c in ")]}")
            now += c
        at += 1
    return parts + [now.strip()]


def spoken(expression):
    """The texts that an expression makes: each side of a `? :` is one; none without words."""
    texts = [""]
    for literal, other in re.findall(r'"((?:[^"\\]|\\.)*)"|([^"]+)', expression):
        if not other:
            texts[-1] += literal.replace('\\"', '"').replace("\\\\", "\\")
        elif re.search(r"(^|\s)[?:]\s", other):
            texts.append("")
        elif re.search(r"\w", other.replace("std::string(", "")) and not texts[-1].endswith("<>"):
            texts[-1] += "<>"
    return [text.strip() for text in texts if re.search(r"[A-Za-z]{2}", text)]


def sentences(root):
    table = (root / "messages/error.cc").read_text()
    rows = re.findall(r"ErrorRow\{ErrorCode::(\w+),(.*?)\}", table, re.S)
    return {name: re.findall(r'"((?:[^"\\]|\\.)*)"', row)[1] for name, row in rows}


def texts(root):
    """(file, line, code, detail) of every text that the sources spell out."""
    for folder in PRODUCT:
        for path in sorted((root / folder).rglob("*.cc")):
            source = re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda m: m.group(1) or "", path.read_text())
            for call in re.finditer(r"\b(make_error|" + "|".join(HELPERS) + r")\(", source):
                inside = arguments(balanced(source, call.end() - 1))
                name = call.group(1)
                if name == "make_error":
                    code = re.match(r"ErrorCode::(\w+)$", inside[0])
                    if not code or len(inside) < 2:
                        continue
                    code, details = code.group(1), inside[1:2]
                else:
                    code, details = HELPERS[name], inside
                for detail in details:
                    line = source[:call.start()].count("\n") + 1
                    for words in spoken(detail):
                        if " " in words:
                            yield path.relative_to(root), line, code, words


def wrong_with(code, sentence, detail, path):
    """What is wrong with one text in its context; None if nothing is."""
    told = detail if detail.startswith(sentence) else f"{sentence}: {detail}"
    words = re.findall(r"[a-z]+(?:'[a-z]+)?|<>|[;:,]", told.lower())
    runs = [tuple(words[i:i + 4]) for i in range(len(words) - 3)]
    if any(runs.count(run) > 1 for run in runs):
        return "says something twice"
    if any(a == b and a not in ("<>", "that") for a, b in zip(words, words[1:])):
        return "doubles a word"
    if told[-1] in ".!" and not told.endswith("..."):
        return "ends like a paragraph, not like a sentence of fact"
    if re.search(r"\b(please|sorry|oops|failed to|successfully|something went wrong)\b", told.lower()):
        return "is no sentence of fact"
    if "  " in told or not told.isascii():
        return "has double blanks or letters beyond ASCII"
    if code == "audit_unreadable" and "writ" in told:
        return "speaks of writing where something was to be read"
    return None


def main(root, listing):
    table, found, faults = sentences(root), 0, 0
    for path, line, code, detail in texts(root):
        found += 1
        sentence = table.get(code)
        if sentence is None:
            print(f"{path}:{line}: no row of the error table is called {code}")
            faults += 1
            continue
        if listing:
            print(f"{code}: {sentence}: {detail}")
        wrong = wrong_with(code, sentence, detail, path)
        if wrong:
            faults += 1
            print(f"{path}:{line}: {wrong}: {sentence}: {detail}")
    for code, sentence in table.items():
        if sentence.endswith(".") or not sentence[0].islower() or len(sentence) > 120:
            faults += 1
            print(f"the sentence of {code} is no clause of its own: {sentence}")
    if found < LEAST:
        faults += 1
        print(f"only {found} texts were found")
    return 1 if faults else 0


def self_test():
    good = ("invalid_input", "invalid input", "the socket path <> is too long", "x")
    assert wrong_with(*good) is None
    assert wrong_with("not_reached", "no answer from the control plane; nothing was confirmed",
                      "no answer from the control plane: it has ended", "x") is not None
    for bad in ("it is not not there", "please try again", "it is wrong.", "two  blanks", "caf\u00e9"):
        assert wrong_with("invalid_input", "invalid input", bad, "x"), bad
    assert wrong_with("audit_unreadable", "the audit log cannot be read", "cannot be written", "x")
    assert spoken('"the " + name + " is"') == ["the <> is"] and not spoken("why")


if __name__ == "__main__":
    self_test()
    sys.exit(main(pathlib.Path(sys.argv[1]), "--list" in sys.argv))
