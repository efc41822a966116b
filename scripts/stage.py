"""What the stories have in common: a control plane in a folder of its own, its commands as a person
types them, and checks of what they answer. The one argument is the folder of the programs.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/demo/bin")
DIR = tempfile.mkdtemp(prefix="aeromq-demo-")
REQUEST = re.compile(r"request ((?:[0-9A-Z]{4}-){7}[0-9A-Z]{4})")
PATIENCE_S = 30


class Unexpected(Exception):
    pass


def title(text):
    print(f"\n\033[1m--- {text}\033[0m" if sys.stdout.isatty() else f"\n--- {text}", flush=True)


def client(who):
    return os.path.join(DIR, "clients", who + ".toml")


def shown(arguments):
    return "$ aeromq-ctl " + " ".join(f'"{a}"' if " " in a else a for a in arguments)


def expect(what, got, wanted):
    if got != wanted:
        raise Unexpected(f"{what}: exit code {got}, expected {wanted}")


def ctl(*arguments, who="operator", code=0, quiet=False):
    """Runs aeromq-ctl, shows it, checks its exit code, returns what it printed."""
    if not quiet:
        print(shown(arguments) + (f"      (as {who})" if who != "operator" else ""))
    ran = subprocess.run([BIN + "/aeromq-ctl", "-c", client(who), *arguments],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    if not quiet:
        print((ran.stdout + ran.stderr).rstrip())
        if ran.returncode:
            print(f"(exit {ran.returncode})")
    expect(" ".join(arguments), ran.returncode, code)
    return ran.stdout


class Terminal:
    """aeromq-ctl on a terminal, and the person in front of it."""

    def __init__(self, *arguments, who="operator"):
        print(shown(arguments) + (f"      (as {who})" if who != "operator" else ""))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(BIN + "/aeromq-ctl", ["aeromq-ctl", "-c", client(who), *arguments])
        self.seen = ""

    def read_until(self, pattern, begin=0):
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.seen[begin:]):
            if time.monotonic() > deadline:
                raise Unexpected(f"waited in vain for {pattern!r} in:\n{self.seen}")
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    data = ""
                if not data:
                    raise Unexpected(f"ended before {pattern!r}:\n{self.seen}")
                self.seen += data
                sys.stdout.write(data.replace("\r\n", "\n"))
                sys.stdout.flush()

    def type(self, text):
        os.write(self.fd, (text + "\n").encode())

    def confirm(self):
        """Types what the prompt asks for, as a person reads it there."""
        self.read_until(r'Type "[^"]+"')
        self.type(re.findall(r'Type "([^"]+)"', self.seen)[-1])

    def confirm_all(self):
        """The enhanced confirmation: its sentence, the code of each risk, that of responsibility."""
        asked = len(self.seen)
        while True:
            asks = r'Type "([^"]+)" to (confirm|acknowledge|take responsibility)'
            self.read_until(asks, asked)
            word = re.search(asks, self.seen[asked:])
            asked += word.end()
            self.type(word.group(1))
            if word.group(2) == "take responsibility":
                return

    def request(self):
        return REQUEST.search(self.seen).group(1)

    def end(self, code):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    data = ""
                if data:
                    self.seen += data
                    sys.stdout.write(data.replace("\r\n", "\n"))
                    continue
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        got = os.waitstatus_to_exitcode(status)
        print(f"(exit {got})")
        expect("the command", got, code)


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Unexpected(f"waited in vain: {what}")
        time.sleep(0.05)


def decided(request):
    ran = subprocess.run([BIN + "/aeromq-ctl", "-c", client("operator"), "outcome", request],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    return ran.returncode == 0


def ctrl_c(up):
    title("Ctrl-C")
    up.send_signal(signal.SIGINT)
    expect("aeromq up", up.wait(PATIENCE_S), 0)


def perform(arguments, story):
    """Starts a control plane with these arguments and plays the story on it. The exit code."""
    print("$ aeromq " + " ".join(f"'{a}'" if " " in a else a for a in arguments))
    up = subprocess.Popen([BIN + "/aeromq", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        for line in up.stdout:
            print("  " + line.rstrip())
            if line.strip() == "ready":
                break
        story(up)
        print("\nEach step did what it should.")
        return 0
    except Unexpected as fault:
        print(f"\nFAILED: {fault}", file=sys.stderr)
        return 1
    finally:
        if up.poll() is None:
            up.terminate()
            up.wait(PATIENCE_S)
        shutil.rmtree(DIR, ignore_errors=True)
