#!/usr/bin/python3
"""hostile.py CLIENT.toml: attacks, each on a connection of its own, and what the document says of them.

What an attack may end in:
  ended              no answer, and the connection is gone: it was barred (section 5), or a frame was over
                     ZeroMQ's own bound (section 14)
  CODE field=F ...   refused; the connection still serves
  accepted           the document allows it
A set of these stands where the document leaves it open.  After each attack a well-behaved connection
must work.  CLIENT.toml is an operator's.  Exit 0 only if all went as the document says.
"""
import os
import sys
import time

import msgpack
import zmq

from aeromq_client import (ABANDON, AUDIT_QUERY, CONFIRM, ERROR, BROKER_ERROR, HELLO, HELLO_REFUSED,
                           MAGIC, PROBE, RENEW, STATUS, STATUS_QUERY, SUBMIT, Client, Malformed,
                           Refusal, crc16, encode, pack_id, printable, settings)

SILENCE = 1.5          # seconds without any answer that count as silence
COME_BACK = 20         # seconds that a broker gets to come back after it was lost
GOOD = {"command": "inspect_cluster_state", "node": "", "reason": "", "about": ""}
ENDED, ACCEPTED = "ended", "accepted"
BARRED = ENDED         # whoever is barred is closed


def refused(code, domain, outcome, field=""):
    return f"{code} ({domain}, {outcome}) field={field}"


def invalid(field):
    return refused("INVALID_INPUT", "OperatorInput", "not executed", field)


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def submit_body(**changes):
    return pack({**GOOD, **changes})


def hello(**changes):
    return pack({"role": "client", "name": "hostile", "incarnation": os.urandom(16), "minor": 3,
                 "pid": 0, "build": "0", **changes})


def raw(client, kind, body, request=b"", magic=MAGIC, boot=None, seq=None, principal="", header=None,
        frames=None):
    """Sends whatever it is told to; everything that is not given is as it should be."""
    if header is None:
        header = pack([kind, client.boot if boot is None else boot,
                       client.sent + 1 if seq is None else seq, request, principal])
    client.socket.send_multipart([magic, header, body] if frames is None else frames(header),
                                 zmq.DONTWAIT)
    client.sent += 1
    return request


# Each attack takes a greeted client and returns the request id that it was about (or b"").

def submit(body=None, class_bit=0, **how):
    def attack(client):
        request = client.next_id(class_bit)
        return raw(client, SUBMIT, submit_body() if body is None else body, request, **how)
    return attack


def submit_with_id(make):
    return lambda client: raw(client, SUBMIT, submit_body(), make(client))


def link(kind, body=b"\x80", **how):
    return lambda client: raw(client, kind, body, **how)


def other_boot(client):
    boot = bytes([client.boot[0] ^ 1]) + client.boot[1:]
    return raw(client, SUBMIT, submit_body(), client.next_id(0), boot=boot)


def seq_gap(by):
    return lambda client: raw(client, SUBMIT, submit_body(), client.next_id(0), seq=client.sent + 1 + by)


def confirm_unasked(client):
    body = encode("Confirm", {"token": os.urandom(16), "explanation_digest": bytes(32),
                              "acknowledge": [], "accept_responsibility": ""})
    return raw(client, CONFIRM, body, client.next_id(1))


def abandon_unasked(client):
    return raw(client, ABANDON, encode("Abandon", {"token": os.urandom(16)}), client.next_id(1))


def wrong_check(client):
    octets = client.next_id(0)
    return octets[:19] + bytes([octets[19] ^ 1])


def other_session(client):
    return pack_id(client.session[:14] + bytes([client.session[14] ^ 0x40]), 1, 0)


def counter_back(client):
    client.counter = 10
    client.inspect()
    return raw(client, SUBMIT, submit_body(), pack_id(client.session, 5, 0))


def trailing_header(client):
    request = client.next_id(0)
    header = pack([SUBMIT, client.boot, client.sent + 1, request, ""]) + b"\xc0"
    return raw(client, SUBMIT, submit_body(), request, header=header)


def long_header(client):
    request = client.next_id(0)
    header = pack([SUBMIT, client.boot, client.sent + 1, request, "p" * 600])
    return raw(client, SUBMIT, submit_body(), request, header=header)


def audit(**changes):
    body = {"kind": "tail", "request": "", "principal": "", "command": "", "stage": "", "from_seq": 0,
            "limit": 0, **changes}
    return lambda client: raw(client, AUDIT_QUERY, pack(body), client.next_id(0))


def nested(depth):
    value = ""
    for _ in range(depth):
        value = [value]
    return submit_body(node=value)


DUPLICATE = b"\x85" + submit_body()[1:] + pack("node") + pack("n1")
MISSING = pack({name: value for name, value in GOOD.items() if name != "about"})
PROMOTION = {"command": "request_promotion", "node": "n2", "reason": "x"}
UNKNOWN = refused("UNKNOWN_COMMAND", "OperatorInput", "not executed", "command")
NOT_PENDING = refused("NOT_PENDING", "Validation", "unknown")
TYPO = "BVPG-0081-0000-E000-1WY0-0001-0000-7DF8"        # the document's id, last digit wrong

ATTACKS = [
    # Section 5: framing.  No answer, ever.
    ("principal filled in by the client", submit(principal="olga"), BARRED),
    ("wrong boot id", other_boot, BARRED),
    ("zeros as boot id after WELCOME", submit(boot=bytes(16)), BARRED),
    ("seq gap", seq_gap(1), BARRED),
    ("seq repeated", seq_gap(-1), BARRED),
    ("unknown message type 99", lambda c: raw(c, 99, submit_body(), c.next_id(0)), BARRED),
    ("unknown message type 24", lambda c: raw(c, 24, submit_body(), c.next_id(0)), BARRED),
    ("unknown message type 12", link(12), BARRED),
    ("message type 0", link(0), BARRED),
    ("message type 128", link(128), BARRED),
    ("message of the broker: PROBE", link(PROBE), BARRED),
    ("message of the broker: REPORT", lambda c: raw(c, 91, b"\x80", c.next_id(0)), BARRED),
    ("message of the broker: PING", link(4), BARRED),
    ("message of an actor: DISPATCH", lambda c: raw(c, 81, b"\x80", c.next_id(1)), BARRED),
    ("second HELLO", lambda c: raw(c, HELLO, hello()), BARRED),
    ("second HELLO, zeros as boot id", lambda c: raw(c, HELLO, hello(), boot=bytes(16)), BARRED),
    ("four frames", submit(frames=lambda h: [MAGIC, h, submit_body(), b"seal"]), BARRED),
    ("two frames", submit(frames=lambda h: [MAGIC, h]), BARRED),
    ("one frame", submit(frames=lambda h: [MAGIC]), BARRED),
    ("500 small frames", submit(frames=lambda h: [MAGIC, h] + [b"x"] * 498), BARRED),
    ("another magic", submit(magic=b"AMCQ\x00\x01"), BARRED),
    ("another major version", submit(magic=b"AMCP\x01\x01"), BARRED),
    ("a magic of seven octets", submit(magic=MAGIC + b"\x00"), BARRED),
    ("another minor octet", submit(magic=b"AMCP\x00\x09"), ACCEPTED),
    ("trailing octets after the header", trailing_header, BARRED),
    ("a header of over 512 octets", long_header, BARRED),
    ("a header that is no MessagePack", submit(header=b"\xc1"), BARRED),
    ("an empty header", submit(header=b""), BARRED),
    ("SUBMIT without a request id", lambda c: raw(c, SUBMIT, submit_body()), BARRED),
    ("request id of 19 octets", submit_with_id(lambda c: c.next_id(0)[:19]), BARRED),
    ("link message with a request id", lambda c: raw(c, STATUS_QUERY, b"\x80", c.next_id(0)), BARRED),
    ("a huge frame", submit(body=b"\xc6" + bytes(200000)), ENDED),
    # Section 6: bodies.  Refused, and the field is named.
    ("unknown field", submit(submit_body(colour="red")), invalid("colour")),
    ("missing field", submit(MISSING), invalid("about")),
    ("duplicate field", submit(DUPLICATE), invalid("node")),
    ("trailing octets after the body", submit(submit_body() + b"\xc0"), invalid("body")),
    ("body that breaks off", submit(submit_body()[:-1]), {invalid("body"), invalid("about")}),
    ("body that is an array", submit(b"\x94\xa0\xa0\xa0\xa0"), invalid("body")),
    ("nil for text", submit(submit_body(node=None)), invalid("node")),
    ("bin for text", submit(submit_body(node=b"n1")), invalid("node")),
    ("text that is not UTF-8", submit(submit_body().replace(b"node\xa0", b"node\xa1\xff")),
     invalid("node")),
    ("surrogate in text", submit(submit_body().replace(b"node\xa0", b"node\xa3\xed\xa0\x80")),
     invalid("node")),
    ("text over its maximum", submit(submit_body(node="n" * 65)), invalid("node")),
    ("key that is no text", submit(pack({**GOOD, 7: ""})), None),
    ("nesting of 9", submit(nested(8)), invalid("body")),
    ("nesting of 8", submit(nested(7)), invalid("node")),
    ("a map of 257 entries", submit(submit_body(**{f"x{n}": "" for n in range(253)})), invalid("body")),
    ("SUBMIT body over 4096 octets", submit(submit_body(reason="r" * 4100)), invalid("body")),
    ("body over 61440 octets", submit(b"\xc5" + bytes(61441)), {invalid("body"), BARRED}),
    ("empty body", submit(b""), {invalid("body"), BARRED}),
    ("RENEW with a field", link(RENEW, pack({"x": 1})), None),
    ("STATUS_QUERY with a field", link(STATUS_QUERY, pack({"x": 1})), None),
    # Section 7 and 9: what does not fit.
    ("unknown command", submit(submit_body(command="drop_tables")), UNKNOWN),
    ("command in capitals", submit(submit_body(command="INSPECT_WAL")), UNKNOWN),
    ("node that the command does not take", submit(submit_body(node="n1")), invalid("node")),
    ("reason that the command does not take", submit(submit_body(reason="why")), invalid("reason")),
    ("about that the command does not take", submit(submit_body(about=TYPO)), invalid("about")),
    ("about with a typing error",
     submit(submit_body(command="inspect_promotion_state", about=TYPO)), invalid("about")),
    ("node missing", submit(submit_body(command="inspect_node")), invalid("node")),
    ("node with a blank", submit(submit_body(command="inspect_node", node="n 1")), invalid("node")),
    ("control characters in the reason",
     submit(submit_body(**{**PROMOTION, "reason": "a\x1b[2Jb"}), 1), invalid("reason")),
    ("C1 control character in the reason",
     submit(submit_body(**{**PROMOTION, "reason": "a\x9bb"}), 1), invalid("reason")),
    ("reason of spaces", submit(submit_body(**{**PROMOTION, "reason": "   "}), 1), invalid("reason")),
    ("class bit 0 for a control command", submit(submit_body(**PROMOTION), 0), invalid("request_id")),
    ("class bit 1 for an inspection", submit(class_bit=1), invalid("request_id")),
    ("counter 0", submit_with_id(lambda c: (lambda h: h + crc16(h).to_bytes(2, "big"))
                                 (c.session + bytes(3))), None),
    ("request id with a wrong check", submit_with_id(wrong_check), None),
    ("counter that goes back", counter_back,
     refused("DUPLICATE_REQUEST", "Validation", "unknown")),
    ("another session", submit_with_id(other_session),
     refused("UNKNOWN_SESSION", "Validation", "unknown")),
    ("confirm for a request never asked", confirm_unasked, NOT_PENDING),
    ("abandon for a request never asked", abandon_unasked, NOT_PENDING),
    ("audit query of an operator", audit(),
     refused("NO_AUTHORITY", "Validation", "not executed")),
    ("audit query, a filter it does not take", audit(principal="olga"),
     {invalid("principal"), refused("NO_AUTHORITY", "Validation", "not executed")}),
    ("audit query, unknown kind", audit(kind="erase"), invalid("kind")),
]

# Attacks before any WELCOME: all end without a word, and so does the connection.
OPENINGS = [
    ("STATUS_QUERY before HELLO", link(STATUS_QUERY), BARRED),
    ("HELLO as an actor", lambda c: raw(c, HELLO, hello(role="audit-writer")), BARRED),
    ("HELLO of another major", lambda c: raw(c, HELLO, hello(), magic=b"AMCP\x01\x00"), BARRED),
    ("HELLO with a boot id", lambda c: raw(c, HELLO, hello(), boot=b"b" * 16), BARRED),
    ("HELLO with seq 2", lambda c: raw(c, HELLO, hello(), seq=2), BARRED),
    ("HELLO with a principal", lambda c: raw(c, HELLO, hello(), principal="olga"), BARRED),
    ("HELLO with an unknown field", lambda c: raw(c, HELLO, hello(extra=1)), None),
    ("HELLO with minor 0", lambda c: raw(c, HELLO, hello(minor=0)), None),
]


def told(error):
    return refused(error["code"], error["domain"], error["outcome"], error["field"])


def observe(client, request, greeted):
    """What came of an attack."""
    result, asked = None, False
    if request:                               # a request: its answer, if any, comes by itself
        while (message := client.receive(SILENCE if result is None else 0.05)):
            kind, about, body = message
            if about != request or result is not None:
                return f"unexpected message {kind}"
            result = told(body["error"]) if kind in (ERROR, BROKER_ERROR) else ACCEPTED
        if not client.alive:
            return ENDED if result is None else result + ", then ended"
    if greeted:                               # does the connection still serve?
        raw(client, STATUS_QUERY, b"\x80")
        asked = True
    message = client.receive(SILENCE)
    if not client.alive:
        return ENDED
    if message is None:
        return "silence" if result is None else result + ", then silence"
    if message[0] == HELLO_REFUSED:
        return "HELLO_REFUSED " + told(message[2]["error"])
    if message[0] == STATUS and asked and result is None:
        return "ignored, the connection still serves"
    return result if message[0] == STATUS and asked else f"message {message[0]}"


def well_behaved(conf):
    """A good connection; returns the boot id, which tells whether the broker is still the same run."""
    with Client(conf, "well-behaved") as client:
        client.status()
        client.inspect()
        return client.boot


def come_back(conf):
    """After a failure: waits until a good connection works again, so that the next attack counts."""
    end = time.monotonic() + COME_BACK
    while time.monotonic() < end:
        try:
            return well_behaved(conf)
        except (Refusal, Malformed):
            time.sleep(0.5)
    raise SystemExit(f"FAILED: no good connection within {COME_BACK} s")


def stranger(conf):
    """A key pair that the broker does not know: no message is ever exchanged."""
    public, secret = (key.decode() for key in zmq.curve_keypair())
    try:
        with Client({**conf, "public_key": public, "secret_key": secret}):
            return "welcomed"
    except Refusal as refusal:
        return refusal.code


def main(path):
    conf, bad = settings(path), 0

    def report(name, expected, found):
        nonlocal bad, boot
        after, before = "", boot
        try:
            boot = well_behaved(conf)
        except (Refusal, Malformed) as error:
            after, boot = f"; AFTERWARDS a good connection failed: {error.args[0]}", come_back(conf)
        if boot != before:
            after += "; THE BROKER WAS STARTED ANEW"
        allowed = expected if isinstance(expected, set) else {expected}
        verdict = "open  " if expected is None else "ok    " if found in allowed else "FAILED"
        if after or verdict == "FAILED":
            bad += 1
            after += f" (expected {' or '.join(sorted(map(str, allowed)))})"
        print(printable(f"{verdict} {name}: {found}{after}"), flush=True)

    boot = well_behaved(conf)
    for attacks, greeted in ((ATTACKS, True), (OPENINGS, False)):
        for name, attack, expected in attacks:
            try:
                with Client(conf, "hostile", greet=greeted) as client:
                    found = observe(client, attack(client), greeted)
            except (Refusal, Malformed, zmq.ZMQError) as error:
                found = f"{type(error).__name__}: {error}"
            report(name, expected, found)
    report("a key that the broker does not know", "NOT_REACHED", stranger(conf))
    print(f"{bad} of {len(ATTACKS) + len(OPENINGS) + 1} attacks had another result than the document says")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: hostile.py CLIENT.toml")
    try:
        sys.exit(main(sys.argv[1]))
    except (Refusal, Malformed) as error:
        print(f"FAILED before any attack: {error}")
        sys.exit(1)
