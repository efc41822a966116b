#!/usr/bin/env python3
"""Checks who may include whom, and that the cores are pure. Prints one line per offence and exits 1
if there is one. It reads sources only; it must never change one.

    check_layers.py ROOT
"""
import pathlib
import re
import sys

PRODUCT = ("messages", "transport", "process", "audit", "kernel", "door", "broker", "feed", "actors", "client",
           "supervisor", "chaos")
SUFFIXES = (".h", ".cc")
MAX_LINES = 450        # warned about only
MAX_LINES_TESTS = 700

# First match wins: (files, what of ours they may include). A prefix ends in "/" or names a file.
LAYERS = [
    (r"messages/", ["messages/"]),
    (r"transport/", ["messages/", "transport/"]),
    (r"process/", ["messages/", "process/", "transport/keys.h", "transport/endpoint.h"]),
    (r"audit/", ["messages/", "process/", "audit/"]),
    (r"kernel/", ["messages/", "process/", "transport/", "kernel/"]),
    (r"door/(handshake|caps|turns|board)\.", ["messages/", "door/"]),
    (r"door/", ["messages/", "process/", "transport/endpoint.h", "transport/host.h",
                "transport/resolver.h", "door/"]),
    (r"broker/(main|shell)\.", ["messages/", "process/", "transport/", "door/board.h", "broker/"]),
    (r"broker/", ["messages/", "broker/"]),
    (r"feed/", ["messages/", "process/", "transport/", "door/board.h", "feed/"]),
    (r"actors/step\.h", ["messages/"]),
    (r"actors/runtime/",
     ["messages/", "process/", "transport/", "actors/step.h", "actors/runtime/"]),
    (r"actors/(writer|reader)/(?:main|log_boundary)\.",
     ["messages/", "process/", "actors/step.h", "actors/runtime/", "audit/", "actors/{1}/"]),
    (r"actors/(dispatcher)/(?:main|kernel_boundary)\.",
     ["messages/", "process/", "actors/step.h", "actors/runtime/", "kernel/", "actors/{1}/"]),
    (r"actors/(\w+)/main\.cc",
     ["messages/", "process/", "actors/step.h", "actors/runtime/", "actors/{1}/"]),
    (r"actors/(\w+)/", ["messages/", "actors/step.h", "actors/{1}/"]),
    (r"client/ctl/", ["messages/", "process/", "transport/", "client/", "audit/"]),
    (r"client/examples/", ["messages/", "client/", "process/entry.h"]),
    (r"client/", ["messages/", "process/files.h", "transport/", "client/"]),
    (r"supervisor/(?:node_\w+|main)\.", ["messages/", "process/", "transport/", "supervisor/",
                                         "kernel/"]),
    (r"supervisor/", ["messages/", "process/", "transport/", "supervisor/",
                      "kernel/postgresql/settings.h"]),
    (r"chaos/", [folder + "/" for folder in PRODUCT]),
]
# Included from a broker core, these would bring the sockets in by the back door.
SHELLS = {"broker/": ("broker/shell.h",), "actors/": ("actors/runtime/",)}

# A thing and the only files that may have it.
HOMES = [
    ("zmq", r"#\s*include\s*[<\"](zmq|zmq_addon)\.(h|hpp)", r"transport/"),
    ("msgpack", r"#\s*include\s*[<\"]msgpack", r"messages/codec\.cc"),
    ("unistring", r"#\s*include\s*<(uni\w+|unistr)\.h>(?<!unistd\.h>)", r"messages/text\.cc"),
    ("sqlite", r"#\s*include\s*[<\"]sqlite3", r"(kernel|chaos)/"),  # chaos looks at the register from outside
    ("libpq", r"#\s*include\s*[<\"]libpq", r"(kernel/postgresql/sight|chaos)/"),
    ("fsync", r"\b(fsync|fdatasync|syncfs|sync_file_range)\s*\(", r"(audit|kernel|chaos/disk)/|process/files?\."),
]

CORES = [
    r"messages/",
    r"broker/(?!main\.|shell\.)",
    r"actors/(?!runtime/)\w+/(?!main\.|\w+_boundary\.)",
    r"actors/step\.h",
    r"kernel/(register|report_bounds|rejection|demo_node|outcome_rule)\.",
    r"kernel/postgresql/service/rules\.",
    r"kernel/postgresql/sight/(checks\w*|evidence|facts|findings|following|known_timeline|members|memory|not_checked|places|promotable|received|successor|warnings\w*|synchronous|text|timeline|views)\.",
    r"audit/(format|trail)\.",
    r"door/(handshake|caps|turns)\.",
    r"supervisor/(restart_policy|node_removal|node_texts)\.",
]
IMPURE = [
    ("I/O", r"#\s*include\s*<(fstream|iostream|cstdio|stdio\.h|filesystem|unistd\.h|fcntl\.h|poll\.h"
            r"|sys/[\w/]+\.h|netinet/[\w/]+\.h|spdlog/[\w/]+\.h)>"),
    ("I/O", r"\b(std::)?(printf|fprintf|puts|fopen|fwrite|fread)\s*\(|\bstd::(cout|cerr|clog|cin)\b"),
    ("clock", r"#\s*include\s*<(chrono|ctime|time\.h)>"),
    ("clock", r"_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|\b(std::)?time\s*\(\s*(NULL|nullptr|0)?\s*\)"),
    ("thread", r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|atomic|pthread\.h"
               r"|stop_token|semaphore|latch|barrier)>"),
    ("thread", r"\bstd::(jthread|thread|mutex|async)\b|\bpthread_\w+\s*\("),
    ("randomness", r"#\s*include\s*<random>|\bstd::(random_device|mt19937)|\b(rand|srand|random|getrandom|getentropy|arc4random)\s*\(|\brandombytes_|\bRAND_bytes\b"),
    ("getenv", r"\b(secure_)?getenv\s*\("),
    ("sleep", r"\bsleep_(for|until)\b|\b(sleep|usleep|nanosleep|clock_nanosleep)\s*\("),
    ("unordered container", r"\bunordered_\w+"),
]

INCLUDE = re.compile(r"^[ \t]*#\s*include\s*[<\"]([^>\"]+)[>\"]", re.M)


def code_of(text):
    """The text without comments and the insides of string literals; line numbers stay."""
    def blank(found):
        piece = found.group(0)
        if piece[0] == '"':
            return '""' + "\n" * piece.count("\n")
        return "\n" * piece.count("\n") if piece[0] == "/" else piece
    pattern = r'//[^\n]*|/\*.*?\*/|^[ \t]*#\s*include[^\n]*|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, blank, text, flags=re.S | re.M)


def allowed(path):
    for pattern, targets in LAYERS:
        found = re.match(pattern, path)
        if found:
            return [t.replace("{1}", found.group(1) if found.groups() else "") for t in targets]
    return None


def check_includes(path, text):
    targets = allowed(path)
    core = any(re.match(pattern, path) for pattern in CORES)
    for found in INCLUDE.finditer(text):
        name = found.group(1)
        folder = name.split("/")[0]
        if folder in ("tests", "bench") or (folder == "chaos" and not path.startswith("chaos/")):
            yield found.start(), f"includes {name}: no product folder includes {folder}/"
        elif folder in PRODUCT and "/" in name:
            shell = core and any(path.startswith(at) and name.startswith(heads)
                                 for at, heads in SHELLS.items())
            if shell or not any(name.startswith(target) for target in targets):
                yield found.start(), f"includes {name}: not a layer below it"


def check_file(path, text):
    code = code_of(text)
    yield from check_includes(path, code)
    for name, pattern, home in HOMES:
        if not re.match(home, path):
            for found in re.finditer(pattern, code):
                yield found.start(), f"{name} has another home"
    if any(re.match(pattern, path) for pattern in CORES):
        for name, pattern in IMPURE:
            for found in re.finditer(pattern, code):
                yield found.start(), f"a core has {name}: {found.group(0).strip()}"


def sources(root):
    for folder in PRODUCT + ("tests", "bench"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield folder, path


def main():
    root = pathlib.Path(sys.argv[1])
    offences, seen = 0, 0
    for folder, path in sources(root):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        lines = text.count("\n")
        if lines > (MAX_LINES_TESTS if folder in ("tests", "bench") else MAX_LINES):
            print(f"warning: {name}: {lines} lines")
        if folder not in PRODUCT:
            continue
        seen += 1
        code = code_of(text)
        for at, what in check_file(name, text):
            offences += 1
            print(f"{name}:{code.count(chr(10), 0, at) + 1}: {what}")
    if seen == 0:
        print("no source found: is this the root of the project?")
        return 2
    print(f"{seen} files, {offences} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
