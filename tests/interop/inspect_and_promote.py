#!/usr/bin/python3
"""inspect_and_promote.py [--demote] CLIENT.toml NODE: inspect, promote NODE, ask what became of it.

It confirms what it has printed: whoever starts it is the person who says yes.
--demote first demotes the node that holds write authority now (if any), with NODE named as its
successor, and waits until the explanation of the promotion shows that all checks pass.

Exit: 0 all that happened; 1 something is not as the document says; 2 usage; 10 refused by the
control plane; 20 rejected by the kernel; 30 outcome unknown; 31 not reached, nothing was executed.
"""
import argparse
import hashlib
import sys
import time

from aeromq_client import Client, Malformed, Refusal, decode, printable, show_view

PATIENCE = 60          # seconds that --demote waits for the checks


class Wrong(Exception):
    """The answer is well formed, but not what the document promises."""


def expect(holds, what):
    if not holds:
        raise Wrong(what)


def show_effects(effects):
    for effect in effects:
        print(printable(f"    {effect['name']}: {effect['before']!r} -> {effect['after']!r}"))


def explain(client, command, node, successor=""):
    """SUBMIT; returns (request, ConfirmationAsked, Explanation) and prints what is explained."""
    request = client.request(command, node, "interoperability test of the document",
                             successor=successor)
    print(f"{command} of {printable(node)}: request {request.text}")
    asked = client.submit(request)
    explanation = decode("Explanation", asked["explanation"])
    expect(asked["confirmation"] == explanation["confirmation"] == "standard", "kind of confirmation")
    expect((explanation["command"], explanation["node"], explanation.get("successor", "")) ==
           (command, node, successor), "another command explained")
    expect(bool(explanation.get("successor_checks")) == bool(successor), "a preview of the successor")
    print(printable(f"  action: {explanation['action']}"))
    for check in explanation["checks"]:
        print(printable(f"  check {'ok    ' if check['passes'] else 'FAILS '} {check['code']} "
                        f"({check['invariant']}): {check['text']}"))
    return request, asked, explanation


def confirm(client, request, asked):
    """CONFIRM over the explanation octets as received; prints and returns the effects."""
    digest = hashlib.sha256(asked["explanation"]).digest()
    print(f"  explanation digest: {digest.hex()}")
    result = client.confirm(request, asked["token"], digest)
    expect(result["command"] == request.command and result["executed"] and result["view"] == b"" and
           result["answer"]["status"] == "executed", "RESULT of a control command that is no execution")
    print(f"  executed, record {result['record']}; effects:")
    show_effects(result["answer"]["effects"])
    return result["answer"]["effects"]


def look(client):
    """Inspects and prints the nodes; returns (holder, names of the nodes)."""
    view = client.inspect("inspect_cluster_state")
    show_view(view)
    table = next(t for t in view["tables"] if t["name"] == "nodes")
    names = [column["name"] for column in table["columns"]]
    rows = [dict(zip(names, row["cells"])) for row in table["rows"]]
    holder = next(f["value"] for f in view["facts"] if f["name"] == "holder")
    primaries = [row["node"] for row in rows if row["assigned"] == "primary"]
    expect(primaries == ([holder] if holder else []), "holder is not the node assigned primary")
    return holder, [row["node"] for row in rows]


def wait_for_checks(client, command, node, successor=""):
    """Looks again until all checks of the command pass; what is not confirmed is abandoned."""
    end = time.monotonic() + PATIENCE
    while True:
        request, asked, explanation = explain(client, command, node, successor)
        if all(check["passes"] for check in explanation["checks"]):
            return request, asked
        refusal = client.abandon(request, asked["token"])
        print(f"  abandoned: {refusal}")
        expect((refusal.code, refusal.outcome) == ("ABANDONED", "not executed"), "ABANDON's answer")
        expect(time.monotonic() < end, f"the checks did not pass within {PATIENCE} s")
        time.sleep(1)


def main(arguments):
    with Client(arguments.client, "inspect_and_promote") as client:
        print(printable(f"connected as {client.principal} to {client.welcome['cluster']}"))
        holder, nodes = look(client)
        expect(arguments.node in nodes, f"the kernel knows no node {arguments.node}")
        if arguments.demote:
            expect(holder != arguments.node, f"{arguments.node} is the primary already")
            if holder:
                confirm(client, *wait_for_checks(client, "request_demotion", holder, arguments.node))
            request, asked = wait_for_checks(client, "request_promotion", arguments.node)
        else:
            request, asked, _ = explain(client, "request_promotion", arguments.node)
        effects = confirm(client, request, asked)

        outcome = client.ask(request.text)
        print(printable(f"asked: {outcome['verdict']}{', final' if outcome['final'] else ''}: "
                        f"{outcome['action']} {outcome['node']} by {outcome['principal']} "
                        f"({outcome['why']})"))
        expect(outcome["verdict"] == "executed" and outcome["final"], "the verdict is not executed")
        expect((outcome["action"], outcome["node"], outcome["principal"], outcome["command_digest"]) ==
               ("promote", arguments.node, client.principal, request.digest),
               "the ledger's entry is not this command")
        expect(outcome["effects"] == effects, "the ledger tells other effects")
        expect(look(client)[0] == arguments.node, f"{arguments.node} is not the holder now")
    print("ok")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--demote", action="store_true")
    parser.add_argument("client")
    parser.add_argument("node")
    try:
        sys.exit(main(parser.parse_args()))
    except Refusal as refusal:
        if refusal.domain == "KernelRejection":
            print(printable(f"rejected by the kernel: {refusal.code}"))
        print(f"{refusal}")
        if refusal.outcome == "unknown":
            sys.exit(30)
        sys.exit({"KernelRejection": 20, "Transport": 31}.get(refusal.domain, 10))
    except (Wrong, Malformed) as error:
        print(f"FAILED: {error}")
        sys.exit(1)
