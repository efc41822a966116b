"""Request ids and the worked bytes of docs/protocol.md; needs no server.

Run: python3 tests/interop/test_ids.py [path of protocol.md]
"""
import hashlib
import os
import re
import sys
import unittest

import msgpack

import aeromq_wire as wire

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/protocol.md")
SESSION = bytes.fromhex("5eed0001 01 000007 00000f3c 000001")
REQUEST = SESSION + bytes.fromhex("000003 b5e7")
TEXT = "BVPG-0081-0000-E000-1WY0-0001-0000-7DF7"
BOOT = bytes(range(0xB0, 0xC0))
DIGEST = "6145e16d2615eeb45d9ab637221a491697b0f4298a2d97743fb4f77f9d015481"


def worked():
    """{(message, frame number): octets} from section 18."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    found = {}
    for number, name, size, block in re.findall(
            r"Frame (\d) of (\w+) \(\w+, (\d+) octets\):\n\n```\n(.*?)```", text, re.S):
        found[name, int(number)] = bytes.fromhex(block)
        assert len(found[name, int(number)]) == int(size), (name, number)
    return found


class Ids(unittest.TestCase):
    def test_check(self):
        self.assertEqual(wire.crc16(b"123456789"), 0x29B1)

    def test_layout(self):
        self.assertEqual(wire.pack_id(SESSION, 1, 1), REQUEST)
        self.assertEqual(wire.unpack_id(REQUEST), (SESSION, 1, 1))
        last = wire.pack_id(SESSION, 8388607, 0)
        self.assertEqual(last[15:18], bytes.fromhex("fffffe"))
        self.assertEqual(wire.unpack_id(last), (SESSION, 8388607, 0))
        for counter, class_bit in ((0, 0), (8388608, 0), (1, 2)):
            self.assertRaises(ValueError, wire.pack_id, SESSION, counter, class_bit)

    def test_check_of_an_id(self):
        for octet in range(20):
            broken = bytearray(REQUEST)
            broken[octet] ^= 0x10
            self.assertRaises(ValueError, wire.unpack_id, bytes(broken))

    def test_text(self):
        self.assertEqual(wire.id_text(REQUEST), TEXT)
        for text in (TEXT, TEXT.lower(), TEXT.replace("-", ""), "-" + TEXT + "--"):
            self.assertEqual(wire.id_from_text(text), REQUEST)

    def test_text_is_never_corrected(self):
        for text in (TEXT[:-1], TEXT + "0", TEXT[:-1] + "8", "O" + TEXT[1:], TEXT.replace("1", "I"),
                     TEXT.replace("1", "l"), TEXT.replace("0", "o"), TEXT.replace("V", "u"),
                     TEXT.replace("B", "\u0412"), " " + TEXT, ""):
            self.assertRaises(ValueError, wire.id_from_text, text)


class WorkedBytes(unittest.TestCase):
    def setUp(self):
        self.bytes = worked()

    def message(self, name, kind, seq, table, body, boot=BOOT, request=REQUEST):
        header = msgpack.packb([kind, boot, seq, request, ""], use_bin_type=True)
        self.assertEqual(self.bytes[name, 1], b"AMCP\x00\x03")
        self.assertEqual(self.bytes[name, 2], header)
        self.assertEqual(self.bytes[name, 3], wire.encode(table, body))
        self.assertEqual(wire.decode(table, self.bytes[name, 3]), body)

    def test_hello(self):
        self.message("HELLO", wire.HELLO, 1, "Hello", {
            "role": "client", "name": "example", "incarnation": bytes(range(0x10, 0x20)),
            "minor": 3, "pid": 0x1267, "build": "example 1.0"}, bytes(16), b"")

    def test_welcome(self):
        self.message("WELCOME", wire.WELCOME, 1, "Welcome", {
            "session": SESSION, "lease_ms": 300000, "heartbeat_ms": 500, "max_in_flight": 256,
            "max_body": 16384, "minor": 3, "principal": "olga", "cluster": "demo"}, BOOT, b"")

    def test_submit(self):
        self.message("SUBMIT", wire.SUBMIT, 2, "Submit", {
            "command": "request_promotion", "node": "n2", "reason": "OPS-812: disk on n1",
            "about": ""})

    def test_confirmation_asked(self):
        body = wire.decode("ConfirmationAsked", self.bytes["CONFIRMATION_ASKED", 3])
        self.message("CONFIRMATION_ASKED", wire.ASKED, 2, "ConfirmationAsked", body)
        self.assertEqual((body["confirmation"], body["expires_in_ms"], body["record"]),
                         ("standard", 120000, 42))
        self.assertEqual(body["sentence"], "promote n2 on demo")
        self.assertEqual(len(body["explanation"]), 220)
        self.assertEqual(hashlib.sha256(body["explanation"]).hexdigest(), DIGEST)
        explanation = wire.decode("Explanation", body["explanation"])
        self.assertEqual((explanation["node"], explanation["fencing_epoch"]), ("n2", 5))
        self.assertEqual(wire.encode("Explanation", explanation), body["explanation"])

    def test_confirm(self):
        self.message("CONFIRM", wire.CONFIRM, 3, "Confirm", {
            "token": bytes(range(0x70, 0x80)), "explanation_digest": bytes.fromhex(DIGEST),
            "acknowledge": [], "accept_responsibility": "", "sentence": "promote n2 on demo"})


class Strict(unittest.TestCase):
    GOOD = {"command": "inspect_wal", "node": "", "reason": "", "about": ""}

    def refused(self, field, octets):
        with self.assertRaises(wire.Malformed) as caught:
            wire.decode("Submit", octets)
        self.assertEqual(caught.exception.field, field)

    def packed(self, **changes):
        return msgpack.packb({**self.GOOD, **changes}, use_bin_type=True)

    def test_fields(self):
        good = self.packed()
        self.assertEqual(wire.decode("Submit", good), self.GOOD)
        self.refused("colour", self.packed(colour="red"))
        self.refused("about", msgpack.packb({k: v for k, v in self.GOOD.items() if k != "about"}))
        self.refused("node", b"\x85" + good[1:] + b"\xa4node\xa0")
        self.refused("body", good + b"\xc0")
        self.refused("body", good[:-1])
        self.refused("body", b"\x90")
        for value in (b"", None, 1, 1.5, -1, True, [], "x" * 65):
            self.refused("node", self.packed(node=value))
        self.refused("body", good[:-1] + b"\xa1\xff")                 # no UTF-8
        self.refused("b'node'", good.replace(b"\xa4node", b"\xc4\x04node"))

    def test_a_field_since_minor_2(self):
        self.assertEqual(wire.encode("Submit", {**self.GOOD, "successor": ""}), self.packed())
        told = wire.encode("Submit", {**self.GOOD, "successor": "n2"})
        self.assertEqual(wire.decode("Submit", told), {**self.GOOD, "successor": "n2"})
        self.refused("successor", self.packed(successor=7))

    def test_nested_paths(self):
        error = {"domain": "Transport", "code": "X", "message": "", "field": "", "invariants": ["a"],
                 "outcome": "unknown"}
        answer = {"error": error, "record": 1}
        self.assertEqual(wire.decode("ErrorAnswer", msgpack.packb(answer)), answer)
        for change, field in (({"outcome": "maybe"}, "error.outcome"),
                              ({"invariants": ["a", 7]}, "error.invariants[1]")):
            with self.assertRaises(wire.Malformed) as caught:
                wire.decode("ErrorAnswer", msgpack.packb({"error": {**error, **change}, "record": 1}))
            self.assertEqual(caught.exception.field, field)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].endswith(".md"):
        DOCUMENT = sys.argv.pop(1)
    unittest.main()
