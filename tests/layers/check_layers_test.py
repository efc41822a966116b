#!/usr/bin/env python3
"""Tests check_layers.py on trees with one offence each, and on one with none."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).with_name("check_layers.py")

# (file, line, what the check must say; None = it must stay silent)
CASES = [
    # Who may include whom.
    ("messages/a.h", '#include "transport/peer.h"', "not a layer below"),
    ("transport/a.cc", '#include "process/clock.h"', "not a layer below"),
    ("process/a.cc", '#include "transport/peer.h"', "not a layer below"),
    ("process/a.cc", '#include "transport/keys.h"', None),
    ("audit/a.cc", '#include "kernel/register.h"', "not a layer below"),
    ("kernel/a.cc", '#include "actors/step.h"', "not a layer below"),
    ("kernel/a.cc", '#include "transport/listener.h"', None),
    ("broker/broker.cc", '#include "process/clock.h"', "not a layer below"),
    ("broker/broker.cc", '#include "transport/listener.h"', "not a layer below"),
    ("broker/broker.cc", '#include "broker/shell.h"', "not a layer below"),
    ("broker/shell.cc", '#include "transport/listener.h"', None),
    ("broker/main.cc", '#include "process/clock.h"', None),
    ("broker/main.cc", '#include "audit/log_reader.h"', "not a layer below"),
    ("actors/step.h", '#include "process/clock.h"', "not a layer below"),
    ("actors/gate/gate.cc", '#include "actors/keeper/keeper.h"', "not a layer below"),
    ("actors/gate/gate.cc", '#include "actors/runtime/host.h"', "not a layer below"),
    ("actors/gate/gate.cc", '#include "transport/peer.h"', "not a layer below"),
    ("actors/gate/gate.cc", '#include "actors/step.h"', None),
    ("actors/gate/main.cc", '#include "actors/runtime/host.h"', None),
    ("actors/gate/main.cc", '#include "kernel/client.h"', "not a layer below"),
    ("actors/explainer/main.cc", '#include "kernel/client.h"', "not a layer below"),
    ("actors/dispatcher/main.cc", '#include "kernel/client.h"', None),
    ("actors/dispatcher/main.cc", '#include "audit/log_writer.h"', "not a layer below"),
    ("actors/writer/main.cc", '#include "audit/log_writer.h"', None),
    ("actors/runtime/host.cc", '#include "audit/log_writer.h"', "not a layer below"),
    ("client/client.cc", '#include "audit/log_reader.h"', "not a layer below"),
    ("client/client.cc", '#include "process/clock.h"', "not a layer below"),
    ("client/ctl/main.cc", '#include "audit/log_reader.h"', None),
    ("client/ctl/main.cc", '#include "kernel/client.h"', "not a layer below"),
    ("supervisor/a.cc", '#include "kernel/register.h"', "not a layer below"),
    ("broker/main.cc", '#include "tests/support.h"', "no product folder includes tests/"),
    ("client/ctl/main.cc", '#include "bench/clock.h"', "no product folder includes bench/"),
    ("audit/a.cc", '#include "chaos/kill.h"', "no product folder includes chaos/"),
    # One home each.
    ("process/a.cc", "#include <zmq.hpp>", "zmq has another home"),
    ("broker/shell.cc", "#include <zmq.h>", "zmq has another home"),
    ("transport/a.cc", "#include <zmq.hpp>", None),
    ("messages/envelope.cc", "#include <msgpack.hpp>", "msgpack has another home"),
    ("messages/codec.cc", "#include <msgpack.hpp>", None),
    ("audit/a.cc", "#include <sqlite3.h>", "sqlite has another home"),
    ("kernel/a.cc", "#include <sqlite3.h>", None),
    ("client/ctl/a.cc", "int a() { return ::fsync(1); }", "fsync has another home"),
    ("supervisor/a.cc", "int a() { return fdatasync(1); }", "fsync has another home"),
    ("process/files.cc", "int a() { return ::fsync(1); }", None),
    ("process/lock_file.cc", "int a() { return ::fsync(1); }", "fsync has another home"),
    # Purity.
    ("messages/a.cc", "#include <iostream>", "I/O"),
    ("broker/broker.cc", "#include <unistd.h>", "I/O"),
    ("actors/gate/gate.cc", 'void a() { std::printf("x"); }', "I/O"),
    ("broker/broker.cc", "#include <chrono>", "clock"),
    ("actors/keeper/keeper.cc", "auto a = std::chrono::steady_clock::now();", "clock"),
    ("kernel/register.cc", "void a() { clock_gettime(0, nullptr); }", "clock"),
    ("messages/a.cc", "auto a = time(nullptr);", "clock"),
    ("broker/road.cc", "void a() { gettimeofday(nullptr, nullptr); }", "clock"),
    ("broker/road.cc", "#include <thread>", "thread"),
    ("audit/format.cc", "#include <mutex>", "thread"),
    ("audit/trail.cc", "#include <random>", "randomness"),
    ("actors/keeper/keeper.cc", "int a() { return rand(); }", "randomness"),
    ("supervisor/restart_policy.cc", "auto a = std::getenv(\"A\");", "getenv"),
    ("broker/road.cc", "void a() { usleep(1); }", "sleep"),
    ("broker/sessions.h", "#include <unordered_map>", "unordered"),
    ("actors/gate/gate.h", "std::unordered_set<int> a;", "unordered"),
    # The same is no offence in a shell, a comment or a text.
    ("broker/shell.cc", "#include <unistd.h>", None),
    ("actors/runtime/host.cc", "#include <unistd.h>", None),
    ("kernel/server.cc", "#include <unistd.h>", None),
    ("audit/file.cc", "int a() { return ::fdatasync(1); }", None),
    ("broker/road.cc", "// never std::unordered_map, never usleep(1), no #include <thread>", None),
    ("broker/road.cc", 'const char* a = "usleep(1)";', None),
    ("broker/road.cc", "struct S { int time_left(); int runtime(int); };", None),
    # Length is only warned about.
    ("broker/long.cc", "\n" * 451, "warning"),
    ("broker/long.cc", "\n" * 450, None),
]


def run(path, line):
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root) / path
        file.parent.mkdir(parents=True)
        file.write_text("// A fixture.\n" * (line.strip() != "") + line + "\n" * (line.strip() != ""))
        done = subprocess.run([sys.executable, str(CHECK), root], capture_output=True, text=True)
        return done.returncode, done.stdout


def main():
    wrong = 0
    for path, line, want in CASES:
        code, said = run(path, line)
        if want is None:
            good = code == 0 and "warning" not in said
        elif want == "warning":
            good = code == 0 and "warning" in said
        else:
            good = code == 1 and want in said and f"{path}:2:" in said
        if not good:
            wrong += 1
            print(f"{path}: {line.strip()[:60]!r}: wanted {want!r}, exit {code}:\n{said}")
    with tempfile.TemporaryDirectory() as empty:
        if subprocess.run([sys.executable, str(CHECK), empty], capture_output=True).returncode != 2:
            wrong += 1
            print("an empty tree must not pass")
    print(f"{len(CASES) + 1} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
