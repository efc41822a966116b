#!/usr/bin/python3
"""programs.py BIN_DIR: what every program of the build does with what it is handed.

Every executable in BIN_DIR that is no test is found and tried: descriptors 0 to 2 closed, an output that
can't be written. Then a whole control plane is started by hand with all three closed, gets hangups, and its audit
log must be sound in the end.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

UNWRITTEN = 3
PATIENCE_S = 60
SERVICES = ["kernel", "broker", "door", "feed", "audit-writer", "audit-reader", "authority-gate", "explainer",
            "confirmation-keeper", "dispatcher"]
faults = []


def check(good, what):
    if not good:
        faults.append(what)
        print("FAULT:", what, flush=True)


def programs(folder):
    """Every program of ours: no gtest, no fuzzer, no mutant, no helper of a test."""
    def is_ours(name):
        return not (name.endswith("_test") or name.startswith(("fuzz_", "mutant", "system_")))
    return sorted(name for name in os.listdir(folder)
                  if is_ours(name) and os.access(os.path.join(folder, name), os.X_OK)
                  and os.path.isfile(os.path.join(folder, name)))


def closing(*descriptors):
    def close():
        for fd in descriptors:
            os.close(fd)
    return close


def run(words, closed=(), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=None):
    return subprocess.run(words, preexec_fn=closing(*closed), stdout=stdout, stderr=subprocess.PIPE,
                          stdin=None if text is not None else stdin, input=text, timeout=PATIENCE_S,
                          close_fds=True)


def try_program(path):
    """Help and version: a program that can't tell them says so, and dies of nothing."""
    name = os.path.basename(path)
    for word in ("--help", "--version"):
        usual = run([path, word], stdout=subprocess.PIPE)
        check(usual.returncode >= 0, f"{name} {word}: ended by signal {-usual.returncode}")
        if usual.returncode != 0 or not usual.stdout:
            check(word != "--help" or not name.startswith("aeromq"), f"{name} {word}: {usual.returncode}")
            continue
        for closed in ((0,), (1,), (2,), (0, 1, 2)):
            # The pipes of this test stand above 2, so closing really closes.
            code = run([path, word], closed).returncode
            wanted = UNWRITTEN if 1 in closed else 0
            check(code == wanted, f"{name} {word} with {closed} closed: {code}, not {wanted}")
        with open("/dev/full", "w") as full:
            code = run([path, word], stdout=full).returncode
        check(code == UNWRITTEN, f"{name} {word} >/dev/full: {code}, not {UNWRITTEN}")


def eventually(what, condition, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    check(False, "in vain waited for: " + what)
    return False


class Plane:
    """A control plane whose processes are started one by one, with descriptors 0 to 2 closed."""

    def __init__(self, folder, work):
        self.bin, self.dir, self.children = folder, os.path.join(work, "plane"), {}
        up = subprocess.Popen([f"{folder}/aeromq", "up", "--dir", self.dir, "--nodes", "a,b"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in up.stdout:
            if line.strip() == "ready":
                break
        up.send_signal(signal.SIGTERM)
        check(up.wait(PATIENCE_S) == 0, "aeromq up ends in order by SIGTERM")

    def start(self):
        config = ["--config", f"{self.dir}/aeromq.toml"]
        for name in SERVICES:
            self.children[name] = self._begin([f"{self.bin}/aeromq-{name}", *config])
            if name in ("kernel", "broker", "door", "audit-writer"):
                time.sleep(0.5)  # who comes too early ends: nobody starts it again here
        for node in "ab":
            self.children[node] = self._begin(
                [f"{self.bin}/aeromq-kernel", "reporter", "--node-file", f"{self.dir}/nodes/{node}.toml",
                 *config])

    def _begin(self, words):
        return subprocess.Popen(words, preexec_fn=closing(0, 1, 2))

    def ctl(self, *words, who="operator", **how):
        return run([f"{self.bin}/aeromq-ctl", "-c", f"{self.dir}/clients/{who}.toml", *words], **how)

    def alive(self):
        status = self.ctl("-o", "json", "status", stdout=subprocess.PIPE)
        return status.returncode == 0 and all(part["alive"] for part in json.loads(status.stdout)["parts"])

    def living(self):
        return [name for name, child in self.children.items() if child.poll() is None]

    def stop(self):
        for child in reversed(list(self.children.values())):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    child.kill()


def descriptors_of(pid):
    """What stands at 0 to 2; nothing if the system shows root alone (our processes can't be dumped)."""
    try:
        return {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)}
    except PermissionError:
        return {}


def closed_descriptors(plane):
    plane.start()
    eventually("a control plane whose processes were started without descriptors", plane.alive)
    check(len(plane.living()) == len(plane.children), f"alive: {plane.living()}")
    for name, child in plane.children.items():
        held = descriptors_of(child.pid)
        check(set(held.values()) <= {"/dev/null"}, f"{name} holds {held}")
    check(plane.ctl("inspect", "cluster").returncode == 0, "a look")


def hangups(plane):
    for name, child in plane.children.items():
        child.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check(len(plane.living()) == len(plane.children), f"alive after SIGHUP: {plane.living()}")
    check(plane.ctl("inspect", "cluster").returncode == 0, "a look after SIGHUP")


def unwritten(plane):
    looks = [("operator", ["inspect", "cluster"]), ("operator", ["status"]),
             ("operator", ["explain", "demote", "a"]), ("operator", ["diag", "wal"]),
             ("operator", ["-o", "json", "inspect", "node", "a"]),
             ("operator", ["-o", "yaml", "inspect", "replication"]),
             ("operator", ["inspect", "cluster", "--watch", "1"]),
             ("operator", ["-o", "json", "inspect", "promotion", "--watch", "1"]),
             ("auditor", ["audit", "tail"]), ("auditor", ["audit", "export"]),
             ("auditor", ["audit", "query", "--stage", "requested"]), ("auditor", ["audit", "verify"])]
    for who, words in looks:
        with open("/dev/full", "w") as full:
            code = plane.ctl(*words, who=who, stdout=full).returncode
        check(code == UNWRITTEN, f"{words} >/dev/full: {code}")
        code = plane.ctl(*words, who=who, closed=(1,)).returncode
        check(code == UNWRITTEN, f"{words} with a closed output: {code}")
    with open("/dev/full", "w") as full:
        code = plane.ctl("demote", "a", "--reason", "r", "--two-step", stdout=full).returncode
    check(code == 11, f"a question that can't be shown is not asked: {code}")
    # The first line is read, then nobody reads any more: the watch ends with its reader, also while it waits.
    watch = subprocess.Popen([f"{plane.bin}/aeromq-ctl", "-c", f"{plane.dir}/clients/operator.toml", "-o",
                              "json", "inspect", "cluster", "--watch", "3600"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    watch.stdout.readline()
    watch.stdout.close()
    check(watch.wait(PATIENCE_S) == UNWRITTEN, f"a watch without a reader ends: {watch.returncode}")


def act_wins(plane):
    """After a confirmation the act's own code counts, whoever reads it or not."""
    act = subprocess.Popen([f"{plane.bin}/aeromq-ctl", "-c", f"{plane.dir}/clients/operator.toml", "demote",
                            "a", "--reason", "r", "--two-step"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    asked = json.loads(act.stdout.readline())
    act.stdout.close()
    yes = {"confirm": asked["token"], "sentence": asked["sentence"]}
    act.stdin.write((json.dumps(yes) + "\n").encode())
    act.stdin.close()
    check(act.wait(PATIENCE_S) == 0, f"an executed demotion that nobody could be told: {act.returncode}")


def reopened_logs(folder, work):
    """Under `aeromq up`: renamed logs are begun anew after SIGHUP, and nothing dies of it."""
    where = os.path.join(work, "up")
    with open(os.path.join(work, "up.out"), "w") as out:
        up = subprocess.Popen([f"{folder}/aeromq", "up", "--dir", where, "--nodes", "a"],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    said = lambda: open(os.path.join(work, "up.out")).read()  # noqa: E731
    eventually("ready", lambda: "\nready\n" in said())
    logs = sorted(os.listdir(f"{where}/log"))
    for name in logs:
        os.rename(f"{where}/log/{name}", f"{where}/log/{name}.1")
    up.send_signal(signal.SIGHUP)
    eventually("every log is begun anew",
               lambda: all(os.path.exists(f"{where}/log/{name}") and
                           "event=hangup" in open(f"{where}/log/{name}").read() for name in logs))
    check(" ended: " not in said(), "nothing ends by SIGHUP: " + said())
    read_again(folder, where, up)
    up.send_signal(signal.SIGTERM)
    check(up.wait(PATIENCE_S) == 0, "aeromq up ends in order")
    done = run([f"{folder}/aeromq-ctl", "audit", "verify", "--log", f"{where}/audit"])
    check(done.returncode == 0, f"the log of that run: {done.returncode}")


def read_again(folder, where, up):
    """A principal that is taken out of the list is refused after SIGHUP, and one that is put in is let in."""
    def looks():
        return run([f"{folder}/aeromq-ctl", "-c", f"{where}/clients/observer.toml", "status"]).returncode

    def stays():
        with open(f"{where}/log/broker.log") as log:
            return log.read().count("principals_stay_as_they_were")

    path = f"{where}/principals.toml"
    with open(path) as file:
        whole = file.read()
    without = "[[principal]]".join(part for part in whole.split("[[principal]]")
                                   if 'authority = "observer"' not in part)
    check(looks() == 0, "the observer is let in")
    # A list that can't be read leaves everything as it was: it is tried where the observer is let in.
    for text, code in ((without, 31), (whole, 0), ("nonsense", 0), (without, 31), (whole, 0)):
        with open(path, "w") as file:
            file.write(text)
        up.send_signal(signal.SIGHUP)
        if text == "nonsense":
            eventually("the broker says that the list stays", lambda: stays() > 0)
        eventually(f"the observer's code is {code}", lambda: looks() == code)  # noqa: B023


def closed_terminal(folder, work):
    """`aeromq up` on a terminal that is closed stops in order."""
    where, (master, slave) = os.path.join(work, "terminal"), os.openpty()
    up = subprocess.Popen([f"{folder}/aeromq", "up", "--dir", where, "--nodes", "a"], stdin=slave,
                          stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    seen = b""
    while b"ready\r\n" not in seen:
        seen += os.read(master, 4096)
    up.send_signal(signal.SIGHUP)
    os.close(master)
    check(up.wait(PATIENCE_S) == 0, f"a closed terminal: {up.returncode}")
    done = run([f"{folder}/aeromq-ctl", "audit", "verify", "--log", f"{where}/audit"], stdout=subprocess.PIPE)
    check(done.returncode == 0 and b"unclean" not in done.stdout, "it ended in order: " + done.stdout.decode())


def main(folder):
    found = programs(folder)
    print(len(found), "programs:", " ".join(found), flush=True)
    check({"aeromq", "aeromq-ctl", *("aeromq-" + name for name in SERVICES)} <= set(found),
          "not all programs of a control plane are there")
    for name in found:
        try_program(os.path.join(folder, name))
    with tempfile.TemporaryDirectory(prefix="aeromq-programs-") as work:
        plane = Plane(folder, work)
        try:
            for attempt in (closed_descriptors, hangups, unwritten, act_wins):
                print(attempt.__name__, flush=True)
                attempt(plane)
        finally:
            plane.stop()
        done = run([f"{folder}/aeromq-ctl", "audit", "verify", "--log", f"{plane.dir}/audit"],
                   stdout=subprocess.PIPE)
        check(done.returncode == 0, "the audit log is not sound: " + done.stdout.decode())
        for attempt in (reopened_logs, closed_terminal):
            print(attempt.__name__, flush=True)
            attempt(folder, work)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
