#!/usr/bin/python3
"""second_confirm.py INTEROP_DIR CLIENT.toml COMMAND NODE: one yes given twice.

Two Confirms of one request leave back to back.  Exit 0 only if exactly one of the two answers is a
result, the other one is refused with an outcome that never claims "not executed" (E1), and a third
Confirm after the answer is refused likewise.
"""
import hashlib
import sys

sys.path.insert(0, sys.argv[1])
from aeromq_client import CONFIRM, RESULT, Client, Refusal, encode  # noqa: E402


def answer(client, request):
    """'executed', or the refusal."""
    try:
        client.wait_for(request.id, (RESULT,), 30)
        return "executed"
    except Refusal as refusal:
        return refusal


def main(path, command, node):
    with Client(path, "second") as client:
        request = client.request(command, node, "one yes given twice")
        print("request", request.text)
        asked = client.submit(request)
        digest = hashlib.sha256(asked["explanation"]).digest()
        body = encode("Confirm", {"token": asked["token"], "explanation_digest": digest,
                                  "acknowledge": [], "accept_responsibility": "",
                                  "sentence": asked["sentence"]})
        client.send(CONFIRM, body, request.id)
        client.send(CONFIRM, body, request.id)
        answers = [answer(client, request), answer(client, request)]
        client.send(CONFIRM, body, request.id)
        answers.append(answer(client, request))
        refusals = [one for one in answers if one != "executed"]
        for one in answers:
            print(" ", one)
        told = all(one.outcome == "unknown" for one in refusals)
        return 0 if len(refusals) == 2 and told else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[2:]))
