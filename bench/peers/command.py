"""One command of a tool as an operator gives it: what it printed, its exit code, how long it took."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time

import servers


class Command:
    """Started at once; its output goes to a file, which outlives it."""

    def __init__(self, argv, env=None, as_is=False, pipes=False):
        self.shown = " ".join(argv)
        self._output = tempfile.TemporaryFile("w+")
        self.began = time.monotonic()
        self.seconds = None
        self.code = None
        self.killed = False
        self._process = subprocess.Popen(argv if as_is else servers.as_postgres(argv),
                                         stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                                         stdout=subprocess.PIPE if pipes else self._output,
                                         stderr=subprocess.STDOUT, cwd="/tmp", text=True,
                                         env=env or servers.environment())

    def wait(self, timeout):
        """Its exit code, or None when it still runs: then it is killed and says so."""
        try:
            self.code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        self.seconds = self.seconds or time.monotonic() - self.began
        return self.code

    def running(self):
        return self._process.poll() is None

    def kill(self):
        """SIGKILL of this one process: what it has started on other hosts lives on."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self.code = self._process.wait(10)
        self.seconds = time.monotonic() - self.began
        self.killed = True

    def output(self):
        self._output.seek(0)
        return self._output.read().strip()

    def text(self):
        """For the record: command, end and output, verbatim."""
        end = "killed with SIGKILL" if self.killed else f"exit {self.code}"
        return f"$ {self.shown}\n{self.output()}\n[{end} after {self.seconds:.2f} s]"


def ask(argv, timeout=90, env=None, as_is=False):
    """A command that is waited for."""
    command = Command(argv, env, as_is)
    command.wait(timeout)
    return command
