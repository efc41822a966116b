"""The scenarios. Each takes a tool that is up with a writer at work, and fills a Row with facts."""

import contextlib
import os
import pathlib
import signal
import time

import servers
from command import ask

SETTLE_S = 45       # longer than Patroni's ttl (30 s): what it would do by itself has happened


class Row:
    """What is told about one tool in one scenario."""

    def __init__(self, scenario, tool):
        self.scenario, self.tool = scenario, tool.name
        self.facts = {}
        self.transcript = []

    def fact(self, name, text):
        self.facts[name] = text
        self.log(f"{name}: {text}")

    def log(self, text):
        self.transcript.append(text)

    def commands(self, name, tool, done):
        """Several commands as one fact: exit code, time, and the line that matters."""
        for command in done:
            self.log(command.text())
        self.facts[name] = "; ".join(
            f"{'SIGKILL' if c.killed else f'exit {c.code}'}, {c.seconds:.1f} s: {tool.essence(c)}"
            for c in done)


def give(tool, old, new):
    """The whole act as its manual has it; stops at the first command that fails."""
    done = []
    for begin in getattr(tool, "planned", tool.steps)(old, new):
        done.append(begin())
        done[-1].wait(150)
        if done[-1].code != 0:
            break
    return done


def settled(tool, seconds=SETTLE_S):
    """Waits until there is one primary, the others stream from it and the tool says nothing against it,
    or the time is up; then what is true."""
    def whole():
        told = servers.truth(tool.nodes)
        return told if told.count("PRIMARY") == 1 and told.count("standby, from") == 2 else None
    try:
        servers.poll("one primary and two that follow", seconds, whole, 0.3)
        time.sleep(1)
    except TimeoutError:
        pass
    return servers.truth(tool.nodes)


def losses(row, tool, writer, began):
    there = servers.primaries(tool.nodes)
    row.fact("outage", writer.outage(began))
    row.fact("acknowledged rows lost", "; ".join(f"{writer.lost(n)} (on {n.name})" for n in there) or
             "no primary to ask")


def look(tool, argv):
    """A question, as the user who operates that tool."""
    return ask(argv, env=tool.environment(), as_is=tool.as_is)


def questions(row, tool, node, name="did it happen?"):
    row.commands(name, tool, [look(tool, argv) for argv in tool.questions(node)])


def repeat(row, tool, old, new):
    """The same command once more, word for word."""
    before = servers.truth(tool.nodes)
    began = time.monotonic()
    row.commands("the same command again", tool, tool.repeat(old, new))
    row.log(f"took {time.monotonic() - began:.1f} s")
    after = settled(tool, 30)
    row.fact("then", "nothing changed" if after == before else after)


def planned(tool, writer):
    """1. A planned switchover from n1 to n2."""
    row = Row("planned switchover", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    row.commands("command", tool, give(tool, n1, n2))
    row.fact("true after", settled(tool))
    losses(row, tool, writer, began)
    row.fact("what remains", tool.record(n2))
    return row


def behind(tool, writer):
    """1b. The same while the target has stopped streaming: its slot was dropped on the primary."""
    row = Row("planned switchover, target does not stream", tool)
    n1, n2, n3 = tool.nodes
    slot = servers.query(n1, "select slot_name from pg_replication_slots s join pg_stat_replication r on "
                         "s.active_pid = r.pid where application_name = 'n2'")
    row.log(f"slot of n2 on n1: {slot}")
    servers.query(n1, f"do $$ begin for i in 1..400 loop begin perform pg_drop_replication_slot('{slot}')"
                  "; exit; exception when object_in_use then perform pg_terminate_backend(active_pid) "
                  f"from pg_replication_slots where slot_name = '{slot}'; perform pg_sleep(0.01); end; "
                  "end loop; end $$", seconds=10)
    count = len(writer.acknowledged)
    servers.poll("rows that n2 does not get", 10, lambda: len(writer.acknowledged) > count + 50)
    row.fact("true before", servers.truth(tool.nodes))
    began = time.monotonic()
    row.commands("command", tool, give(tool, n1, n2))
    row.fact("true after", settled(tool, 20))
    if not servers.primaries(tool.nodes):
        row.commands("going on by hand, with n3", tool, [tool.promote(n3)])
        row.fact("true then", servers.truth(tool.nodes))
    losses(row, tool, writer, began)
    return row


def killed_while_stopping(tool, writer):
    """2a. SIGKILL of the tool while the old primary hangs in its stop (a walsender is frozen)."""
    row = Row("CLI killed while the old primary stops", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    with servers.frozen(servers.walsender(n1, "n3")):
        command = tool.steps(n1, n2)[0]()
        servers.poll("n1 is stopping", 60, lambda: (servers.postmaster(n1) or (0, ""))[1] == "stopping")
        command.kill()
    row.commands("command", tool, [command])
    servers.poll("the stop of n1 is through", 30,
                 lambda: (servers.postmaster(n1) or (0, ""))[1] != "stopping")
    row.fact("true after", settled(tool))
    row.fact("outage until here", writer.outage(began))
    questions(row, tool, n2)
    repeat(row, tool, n1, n2)
    if not servers.primaries(tool.nodes):
        row.commands("going on by hand", tool, [tool.promote(n2)])
        row.fact("true then", settled(tool, 20))
    losses(row, tool, writer, began)
    return row


def promoting(tool, n1, n2, until):
    """Gives the act while the target's startup process is frozen; until() ends the freeze."""
    done = []
    startup = servers.child(n2, "startup")
    with servers.frozen(startup):
        for begin in tool.steps(n1, n2):
            done.append(begin())
            servers.poll("the step has ended or a promotion is asked for", 120, lambda: (
                not done[-1].running() or pathlib.Path(n2.data, "promote").exists()))
            if pathlib.Path(n2.data, "promote").exists():
                break
            if done[-1].wait(5) != 0:
                return done, False
        until(done[-1])
    return done, True


def killed_while_promoting(tool, writer):
    """2b. SIGKILL of the tool while the target hangs in its promotion (its startup process is frozen)."""
    row = Row("CLI killed while the target is promoted", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    done, reached = promoting(tool, n1, n2, lambda command: command.kill() if command.running()
                              else command.wait(1))
    row.commands("command", tool, done)
    row.fact("promotion asked for", str(reached))
    row.fact("true after", settled(tool))
    row.fact("outage until here", writer.outage(began))
    questions(row, tool, n2)
    repeat(row, tool, n1, n2)
    losses(row, tool, writer, began)
    return row


def slow_promotion(tool, writer):
    """3. The target's promotion hangs until the command has given its answer, and goes on then."""
    row = Row("promotion slower than the tool's patience", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    told = {}

    def until(command):
        command.wait(150)
        told["truth"] = servers.truth(tool.nodes)
        questions(row, tool, n2, "did it happen? (meanwhile)")
    done, reached = promoting(tool, n1, n2, until)
    row.commands("command", tool, done)
    row.fact("promotion asked for", str(reached))
    row.fact("true when it answered", told.get("truth", "-"))
    row.fact("true after", settled(tool))
    row.fact("outage until here", writer.outage(began))
    questions(row, tool, n2)
    repeat(row, tool, n1, n2)
    losses(row, tool, writer, began)
    return row


def answered_late(tool, writer):
    """2f. The act is done and its answer is lost; somebody switches back; the first one asks again."""
    row = Row("done, answer lost, switched back by another, same command again", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    row.commands("command", tool, give(tool, n1, n2))
    row.fact("true after", settled(tool))
    row.commands("switched back", tool, give(tool, n2, n1))
    row.fact("true before the repeat", settled(tool))
    repeat(row, tool, n1, n2)
    losses(row, tool, writer, began)
    return row


def promote_by_hand(row, tool):
    """Two primaries, and how each tool shows them."""
    _, n2, n3 = tool.nodes
    row.fact("pg_promote says", str(servers.query(n2, "select pg_promote()", seconds=70)))
    row.fact("true at once", servers.truth(tool.nodes))
    row.commands("shown at once", tool, [look(tool, argv) for argv in tool.views(n3)])


def one_primary_again(row, tool, began):
    """How long there were two, if that ended by itself."""
    try:
        servers.poll("one primary", 60, lambda: len(servers.primaries(tool.nodes)) == 1, 0.2)
        row.fact("two primaries", f"over after {time.monotonic() - began:.0f} s at the latest")
    except TimeoutError:
        row.fact("two primaries", f"still, {time.monotonic() - began:.0f} s later")
    row.fact("true in the end", settled(tool, 60))
    row.fact("rows in ledger", "; ".join(
        f"{n.name} {servers.query(n, 'select count(*), max(id) from ledger')}" for n in tool.nodes))
    row.log(f"n2's log: {tool.log_tail(tool.nodes[1])}")
    row.commands("shown in the end", tool, [look(tool, argv) for argv in tool.views(tool.nodes[2])])


def split_brain(tool, writer):
    """4. pg_promote() by hand on n2 while n1 lives; then a switchover from n1 to n3 at once."""
    row = Row("raw pg_promote, switchover", tool)
    n1, _, n3 = tool.nodes
    began = time.monotonic()
    promote_by_hand(row, tool)
    row.commands("switch n1 to n3", tool, give(tool, n1, n3))
    row.fact("true after that", servers.truth(tool.nodes))
    one_primary_again(row, tool, began)
    losses(row, tool, writer, began)
    return row


def split_left_alone(tool, writer):
    """4b. pg_promote() by hand on n2 while n1 lives; nobody acts."""
    row = Row("raw pg_promote, left alone", tool)
    began = time.monotonic()
    promote_by_hand(row, tool)
    one_primary_again(row, tool, began)
    losses(row, tool, writer, began)
    return row


def lose_reply(row, tool, writer, silent_s):
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    road = tool.roads["n1"]
    road.lose_post_replies()
    command = tool.steps(n1, n2)[0]()
    servers.poll("Patroni has answered", 60, lambda: road.reply)
    row.fact("the answer that was lost", road.reply.decode(errors="replace").replace("\r", "").split("\n")[0]
             + ", " + road.reply.decode(errors="replace").strip().split("\n")[-1])
    servers.poll("n2 is the primary", 30, lambda: servers.primaries([n2]))
    if silent_s:
        command.wait(silent_s)
    road.cut()
    if not command.killed:
        command.wait(60)
    row.commands("command", tool, [command])
    row.fact("true after", settled(tool))
    questions(row, tool, n2)
    row.fact("what remains", tool.record(n2))
    repeat(row, tool, n1, n2)
    losses(row, tool, writer, began)
    return row


def reply_cut(tool, writer):
    """2c. The answer of the leader's REST interface is lost after the act: the connection is cut."""
    return lose_reply(Row("REST answer cut", tool), tool, writer, 0)


def reply_never(tool, writer):
    """2d. The same, but the connection stays open and silent; the command is killed after 90 s."""
    return lose_reply(Row("REST answer never comes", tool), tool, writer, 90)


def late(tool, writer):
    """2e. Who executes is frozen before the request arrives; the CLI is killed; the operator asks; then the
    frozen one goes on (Patroni: the leader's Patroni, inside its ttl; aeromq: the kernel)."""
    row = Row("executor frozen, CLI killed, executor released", tool)
    n1, n2, _ = tool.nodes
    began = time.monotonic()
    with tool.frozen_executor(n1, n2) as command:
        command.kill()
        row.commands("command", tool, [command])
        row.fact("true while frozen", servers.truth(tool.nodes))
        questions(row, tool, n2)
    row.fact("true 20 s after the release", watch(tool, n1, 20))
    row.commands("did it happen? (after)", tool, [look(tool, argv) for argv in tool.questions(n2)])
    losses(row, tool, writer, began)
    return row


def watch(tool, old, seconds):
    """Until this node is no longer a primary and all is settled, or the time is up."""
    try:
        servers.poll("it happened", seconds, lambda: old not in servers.primaries(tool.nodes), 0.2)
    except TimeoutError:
        return servers.truth(tool.nodes)
    return settled(tool, 20)


def kill_server(node):
    there = servers.postmaster(node)[0]
    for pid in [there, *servers.children(there)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def primary_dies(tool, writer):
    """5. The host of the primary dies (its server and what watches it are killed); nobody acts for 90 s at
    most; then the host comes back as the tool would bring it back at boot."""
    row = Row("primary's host dies", tool)
    n1, _, n3 = tool.nodes
    tool.start_watchers()
    began = time.monotonic()
    tool.kill_watcher(n1)
    kill_server(n1)
    servers.poll("n1 is gone", 10, lambda: not servers.postmaster(n1))
    try:
        servers.poll("another primary", 90, lambda: servers.primaries(tool.nodes), 0.2)
        row.fact("another primary", f"after {time.monotonic() - began:.0f} s")
    except TimeoutError:
        row.fact("another primary", "none in 90 s")
    row.fact("true then", settled(tool, 5))
    row.commands("shown", tool, [look(tool, argv) for argv in tool.views(n3)])
    row.fact("outage", writer.outage(began))
    row.fact("host back", tool.start_watcher(n1))
    row.fact("true after", settled(tool, 60))
    losses(row, tool, writer, began)
    return row


def server_dies(tool, writer):
    """5b. Only the server of the primary dies; what watches it lives; nobody acts for 90 s at most."""
    row = Row("primary's server dies", tool)
    n1, _, n3 = tool.nodes
    tool.start_watchers()
    began = time.monotonic()
    kill_server(n1)
    count = len(writer.acknowledged)
    try:
        servers.poll("rows again", 90, lambda: len(writer.acknowledged) > count + 20)
        row.fact("writes again", f"after {time.monotonic() - began:.1f} s")
    except TimeoutError:
        row.fact("writes again", "not in 90 s")
    row.fact("true then", settled(tool, 20))
    row.commands("shown", tool, [look(tool, argv) for argv in tool.views(n3)])
    losses(row, tool, writer, began)
    return row


ALL = {"1": planned, "1b": behind, "2a": killed_while_stopping, "2b": killed_while_promoting,
       "2c": reply_cut, "2d": reply_never, "2e": late, "2f": answered_late,
       "3": slow_promotion, "4": split_brain, "4b": split_left_alone, "5": primary_dies, "5b": server_dies}
# What a tool lacks: no REST interface to lose an answer of; no executor beside the command itself.
ONLY_FOR = {"2c": ("patroni",), "2d": ("patroni",), "2e": ("patroni", "aeromq")}
