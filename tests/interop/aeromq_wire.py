"""The octets of AMCP 0.1: request ids and strictly read bodies, from docs/protocol.md alone."""
import unicodedata

import msgpack

MAX_BODY, MAX_HEADER = 61440, 512

# Message types (section 16) that a client sends or receives.
HELLO, WELCOME, HELLO_REFUSED, RENEW, RENEWED, STATUS_QUERY, STATUS = 1, 2, 3, 7, 8, 9, 10
SUBMIT, CONFIRM, ABANDON, AUDIT_QUERY = 20, 21, 22, 23
ASKED, RESULT, ERROR, AUDIT_RESULT, BROKER_ERROR, PROBE = 80, 82, 83, 84, 92, 93
LINK = {WELCOME, HELLO_REFUSED, RENEWED, STATUS, PROBE}     # without a request id; others with
BODY_OF = {WELCOME: "Welcome", HELLO_REFUSED: "HelloRefused", RENEWED: "Renewed", STATUS: "Status",
           ASKED: "ConfirmationAsked", RESULT: "RequestResult", ERROR: "ErrorAnswer",
           AUDIT_RESULT: "AuditResult", BROKER_ERROR: "ErrorAnswer", PROBE: "Probe"}

# Section 9.1: command -> (is it confirmed, class bit of its request id)
COMMANDS = {
    "inspect_cluster_state": (False, 0), "inspect_node": (False, 0),
    "inspect_replication_status": (False, 0), "inspect_promotion_state": (False, 0),
    "run_diagnostics": (True, 0), "inspect_wal": (False, 0), "inspect_snapshots": (False, 0),
    "request_promotion": (True, 1), "request_demotion": (True, 1), "force_promotion": (True, 1),
}


class Malformed(Exception):
    """What was received breaks the document; `field` says where."""

    def __init__(self, field, why):
        self.field = field
        super().__init__(f"{field}: {why}")


def printable(text):
    """Text of others, fit for a terminal: control and format characters are escaped."""
    return "".join(c if unicodedata.category(c)[0] != "C" else f"\\u{ord(c):04x}" for c in text)


# ---- request ids (section 7) ---------------------------------------------------------------------

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crc16(octets):
    """CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def pack_id(session, counter, class_bit):
    """The 20 octets of a request id."""
    if len(session) != 15 or not 1 <= counter <= 8388607 or class_bit not in (0, 1):
        raise ValueError("not the parts of a request id")
    head = session + (counter << 1 | class_bit).to_bytes(3, "big")
    return head + crc16(head).to_bytes(2, "big")


def unpack_id(octets):
    """(session, counter, class bit) of a request id; ValueError if its check fails."""
    if len(octets) != 20 or crc16(octets[:18]) != int.from_bytes(octets[18:], "big"):
        raise ValueError("not a request id")
    tail = int.from_bytes(octets[15:18], "big")
    return octets[:15], tail >> 1, tail & 1


def id_text(octets):
    number = int.from_bytes(octets, "big")
    chars = "".join(BASE32[number >> shift & 31] for shift in range(155, -1, -5))
    return "-".join(chars[i:i + 4] for i in range(0, 32, 4))


def id_from_text(text):
    """The reverse: either case, dashes ignored, no guessing of I, L, O, U; the check must hold."""
    number, count = 0, 0
    for char in text.replace("-", ""):
        if not char.isascii() or char.upper() not in BASE32:
            raise ValueError(f"no digit of a request id: {char!r}")
        number, count = number << 5 | BASE32.index(char.upper()), count + 1
    if count != 32:
        raise ValueError("a request id has 32 characters")
    unpack_id(octets := number.to_bytes(20, "big"))
    return octets


# ---- bodies (section 6) --------------------------------------------------------------------------
# "name type/max": `*T` is a list of T, `bin=N` exactly N octets; a capital is a table or a word list;
# `?` a field of a later minor, which may be missing, and is when it says nothing.

WORDS = {
    "ActorRole": "broker,client,authority-gate,explainer,confirmation-keeper,audit-writer,"
                 "dispatcher,audit-reader",
    "Domain": "OperatorInput,Validation,KernelRejection,Transport",
    "Outcome": "not executed,executed,unknown",
    "AuditQueryKind": "tail,query,timeline,verify,export",
    "ConfirmationKind": "never,standard,enhanced",
    "ColumnKind": "text,number,flag", "Severity": "info,warning,alarm",
    "ActStatus": "executed,rejected,duplicate,refused",
    "Verdict": "executed,rejected,not executed,not yet decided,unknown,no kernel change",
    "Stage": "requested,answered,confirmation_asked,confirmed,dispatched,executed,rejected,failed,"
             "refused,confirmation_ended,audit_read,run_begins,run_ends,control_plane,"
             "refusals_counted",
    "RecordOutcome": "none,executed,not executed,unknown",
    "Authority": "none,observer,operator,auditor",
}
TABLES = {
    "Hello": "role ActorRole, name text/64, incarnation bin=16, minor uint, pid uint, build text/64",
    "Welcome": "session bin=15, lease_ms uint, heartbeat_ms uint, max_in_flight uint, max_body uint,"
               "minor uint, principal text/64, cluster text/64",
    "HelloRefused": "error Error", "Renew": "", "Renewed": "session bin=15, lease_ms uint",
    "StatusQuery": "", "Probe": "",
    "Status": "parts *Part/16, dispatcher uint, epoch uint, history bin=4, open_requests uint,"
              "pending_confirmations uint, clients uint, unrecorded uint, up_ms uint, build text/64,"
              "limits_met ?*LimitMet/64, sessions_used ?uint",
    "LimitMet": "principal text/64, limit text/64, refused uint, ago_ms uint",
    "Part": "role ActorRole, alive bool, name text/64, incarnation bin=16, pid uint, age_ms uint,"
            "quiet_ms uint",
    "Submit": "command text/64, node text/64, reason text/1000, about text/64,"
              "successor ?text/64",
    "ConfirmationAsked": "token bin=16, confirmation ConfirmationKind, expires_in_ms uint,"
                         "explanation bin, record uint, sentence ?text/256,"
                         "responsibility_sentence ?text/256",
    "Confirm": "token bin=16, explanation_digest bin=32, acknowledge *text/32,"
               "accept_responsibility text/1000, sentence ?text/256",
    "Abandon": "token bin=16",
    "RequestResult": "command text/64, record uint, executed bool, answer ActAnswer, view bin",
    "ErrorAnswer": "error Error, record uint",
    "Error": "domain Domain, code text/64, message text/2048, field text/128, invariants *text/512,"
             "outcome Outcome",
    "AuditQuery": "kind AuditQueryKind, request text/64, principal text/64, command text/64,"
                  "stage text/64, from_seq uint, limit uint",
    "AuditResult": "record uint, answer bin",
    "Explanation": "command text/64, node text/64, cluster text/64, confirmation ConfirmationKind,"
                   "action text/512, components *text/64, irreversible *text/16, invariants *text/32,"
                   "facts *ExplainedFact/256, checks *Check/32, not_checked *text/16, risks *Risk/16,"
                   "cost text/512, history bin=4, snapshot uint, fencing_epoch uint, kernel_ms uint,"
                   "wall_ms uint, warnings ?*Finding/32, successor ?text/64, successor_checks ?*Check/32",
    "ExplainedFact": "name text/128, value text/512, source text/128, age_ms uint",
    "Check": "code text/64, invariant text/16, text text/1024, passes bool, overridable bool",
    "Risk": "id text/64, invariant text/16, text text/1024",
    "View": "command text/64, cluster text/64, history bin=4, snapshot uint, fencing_epoch uint,"
            "kernel_ms uint, wall_ms uint, facts *ViewFact/64, tables *Table/8, findings *Finding/64,"
            "outcomes *OutcomeAnswer/1",
    "ViewFact": "name text/64, value text/1024, kind ColumnKind",
    "Table": "name text/64, columns *Column/32, rows *Row/256",
    "Column": "name text/64, kind ColumnKind", "Row": "cells *text/32",
    "Finding": "code text/64, severity Severity, text text/512",
    "ActAnswer": "status ActStatus, first_executed bool, code text/64, text text/1024,"
                 "invariants *text/16, effects *Effect/32, snapshot uint",
    "Effect": "name text/64, before text/256, after text/256",
    "OutcomeAnswer": "request rid, verdict Verdict, final bool, why text/512, until_kernel_ms uint,"
                     "kernel_ms uint, code text/64, text text/1024, invariants *text/16,"
                     "action text/64, node text/64, principal text/64, command_digest text/64,"
                     "effects *Effect/32",
    "AuditPage": "records *AuditedRecord/512, durable uint, next_seq uint, gaps *text/512,"
                 "findings *text/512, exit_code uint, summary text/1024",
    "AuditedRecord": "record Record, leaf bin=32, raw bin",
    "Record": "seq uint, stage Stage, wall_ns uint, boot_ns uint, boot text, request text,"
              "principal text, authority Authority, command text, node text, reason text/1000,"
              "about text, command_digest text, confirmation ConfirmationKind, token_digest text,"
              "explanation_digest text, acknowledged *text/32, responsibility text/1000,"
              "snapshot uint, fencing_epoch uint, snapshot_summary text/1024, kernel_code text,"
              "kernel_text text/1024, effects *Effect/32, outcome RecordOutcome, error_domain text,"
              "error_code text, error_message text/2048, error_field text, error_invariants *text/16,"
              "failure text, lost text, cause uint, successor ?text/64, counted ?*CountedRefusals/1",
    "CountedRefusals": "session text/30, kind text/64, number uint, first_wall_ns uint,"
                       "last_wall_ns uint, first_request text/64, last_request text/64",
}
WORDS = {name: words.split(",") for name, words in WORDS.items()}
TABLES = {name: [tuple(f.split()) for f in rows.split(",") if f.strip()]
          for name, rows in TABLES.items()}


def check(kind, value, path):
    """Raises Malformed unless `value` is what the tables say of `kind`."""
    def need(holds, why):
        if not holds:
            raise Malformed(path or "body", why)
    kind, _, bound = kind.lstrip("?").partition("/")
    if kind.startswith("*"):
        need(type(value) is list and len(value) <= int(bound or 512), f"no list of at most {bound}")
        for number, element in enumerate(value):
            check(kind[1:], element, f"{path}[{number}]")
    elif kind == "uint":
        need(type(value) is int and 0 <= value < 1 << 64, "no unsigned integer")
    elif kind == "bool":
        need(type(value) is bool, "no bool")
    elif kind == "text":
        need(type(value) is str and len(value.encode()) <= int(bound or 256), "no fitting text")
    elif kind == "rid":
        need(type(value) is bytes, "no bin")
        need(not value or (len(value) == 20 and crc16(value) == 0), "no request id")
    elif kind.startswith("bin"):
        need(type(value) is bytes and len(value) <= MAX_BODY, "no bin")
        need("=" not in kind or len(value) == int(kind[4:]), f"not exactly {kind[4:]} octets")
    elif kind in WORDS:
        need(type(value) is str and value in WORDS[kind], f"no word of {kind}")
    else:
        need(type(value) is dict, "no map")
        names = [row[0] for row in TABLES[kind]]
        later = [name for name, field_kind in TABLES[kind] if field_kind.startswith("?")]
        dot = path + "." if path else ""
        for name in list(value) + names:
            if name not in names or name not in value and name not in later:
                raise Malformed(dot + name, "missing" if name in names else "not in the table")
        for name, field_kind in TABLES[kind]:
            if name in value:
                check(field_kind, value[name], dot + name)


def _pairs(pairs):
    seen = {}
    for key, value in pairs:
        if type(key) is not str or key in seen:
            raise Malformed(str(key), "stands twice, or is no text")
        seen[key] = value
    return seen


def decode(kind, octets):
    """A strictly decoded map of table `kind`."""
    if len(octets) > MAX_BODY:
        raise Malformed("body", "too long")
    try:
        value = msgpack.unpackb(octets, object_pairs_hook=_pairs, max_array_len=4096, max_map_len=256)
    except (ValueError, TypeError) as error:     # of msgpack: broken, trailing octets, bad UTF-8
        raise Malformed("body", str(error)) from None
    check(kind, value, "")
    return value


def encode(kind, value):
    """The octets of a body; the fields in the order of the table."""
    check(kind, value, "")
    said = {name: value[name] for name, field_kind in TABLES[kind]
            if name in value and (value[name] or not field_kind.startswith("?"))}
    return msgpack.packb(said, use_bin_type=True)
