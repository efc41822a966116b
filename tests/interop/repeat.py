#!/usr/bin/python3
"""repeat.py CLIENT.toml: a request id is good for one message only.

Sends an inspection, gets its answer, then sends the same message again under the same request id (a
client of the document would never do that).  Exit 0 only if the second one is refused with
DUPLICATE_REQUEST and the outcome `unknown`.
"""
import sys

from aeromq_client import SUBMIT, RESULT, Client, Malformed, Refusal, decode, printable, show_view


def main(path):
    with Client(path, "repeat") as client:
        request = client.request("inspect_cluster_state")
        print("request", request.text)
        print("first answer:")
        result = client.submit(request)
        show_view(decode("View", result["view"]))
        print(f"  record {result['record']}")

        print("the same message again, answer:")
        client.send(SUBMIT, request.body, request.id)          # what no client may do
        try:
            client.wait_for(request.id, (RESULT,), 30)
        except Refusal as refusal:
            print(f"  {refusal}")
            print(printable(f"  protects: {', '.join(refusal.invariants)}"))
            if (refusal.code, refusal.domain, refusal.outcome) == ("DUPLICATE_REQUEST", "Validation",
                                                                   "unknown"):
                return 0
            print("FAILED: expected DUPLICATE_REQUEST (Validation) with the outcome unknown")
            return 1
        print("FAILED: the second message was answered like a new request")
        return 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: repeat.py CLIENT.toml")
    try:
        sys.exit(main(sys.argv[1]))
    except (Refusal, Malformed) as error:
        print(f"FAILED: {error}")
        sys.exit(1)
