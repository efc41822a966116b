#!/usr/bin/env python3
"""verify_log.py DIR [SIZE:ROOT] - an independent verifier of an aeromq audit log.

Written from docs/audit-log.md, with nothing but hashlib and struct. Checks headers, frames, CRCs,
padding, batch hashes, the COMMIT chain across segments, every tree root, recorded tails and, if
given, a remembered checkpoint. Prints "ok SIZE:ROOT" and exits 0, or the first fault and exits 40, or
that a segment is of a newer version than it reads and exits 1.
`--self-test DRIVER` writes logs with the driver, verifies them, and shows that damage is found.
"""
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile

ALIGN = 4096
NEWEST = 3
RECORD, COMMIT, START, STOP, RECOVERY, SEAL = 1, 2, 3, 4, 5, 6


class Fault(Exception):
    pass


class Newer(Exception):
    """Not damaged: of a version that came after this program."""


def need(truth, what):
    if not truth:
        raise Fault(what)


TABLE = []
for octet in range(256):
    crc = octet
    for _ in range(8):
        crc = crc >> 1 ^ 0x82F63B78 if crc & 1 else crc >> 1
    TABLE.append(crc)


def crc32c(data):
    crc = 0xFFFFFFFF
    for octet in data:
        crc = crc >> 8 ^ TABLE[(crc ^ octet) & 255]
    return crc ^ 0xFFFFFFFF


def sha(data):
    return hashlib.sha256(data).digest()


def root_of(leaves):
    """RFC 6962 by its recursive definition: slow, and unlike the writer's way."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]))


def read_header(raw, name):
    need(len(raw) >= ALIGN, "no header")
    need(crc32c(raw[:4092]) == struct.unpack_from("<I", raw, 4092)[0], "header CRC")
    magic, version, size, align = struct.unpack_from("<8sHHI", raw, 0)
    need(magic == b"AEROMQAL" and version >= 1, "header start")
    if version > NEWEST:
        raise Newer(f"{name} has format {version}, this program reads up to {NEWEST}")
    need((size, align) == (4096, 4096), "header start")
    h = {"log": raw[16:32], "salt": raw[56:64], "boot": raw[80:96], "previous": raw[96:128],
         "root": raw[128:160]}
    h["number"], h["first_seq"], h["tree_size"] = struct.unpack_from("<QQQ", raw, 32)
    h["epoch"] = struct.unpack_from("<Q", raw, 64)[0]
    algorithm, flags, reserved, peaks, file_bytes = struct.unpack_from("<BBHIQ", raw, 160)
    need((algorithm, flags, reserved) == (1, 1, 0), "header algorithm")
    need(file_bytes == len(raw), "file size")
    need(peaks == bin(h["tree_size"]).count("1"), "number of peaks")
    root = sha(b"")
    for i in reversed(range(peaks)):
        peak = raw[1024 + 32 * i:1056 + 32 * i]
        root = peak if i == peaks - 1 else sha(b"\x01" + peak + root)
    need(root == h["root"], "root of peaks")
    origin = struct.unpack_from("<H", raw, 176)[0]
    need(not any(raw[178 + origin:1024]) and not any(raw[1024 + 32 * peaks:4092]), "header zeros")
    match = re.fullmatch(r"(\d{8,})-(\d{20})\.seg", name)
    need(match and int(match[1]) == h["number"] and int(match[2]) == h["first_seq"], "file name")
    return h


def read_frame(raw, at, salt):
    """(type, flags, seq, payload, end), or None if no valid frame begins at `at`."""
    if at + 24 > len(raw):
        return None
    magic, kind, flags, reserved, length, seq, crc = struct.unpack_from("<IBBHIQI", raw, at)
    end = at + 24 + length
    if magic != 0x46514D41 or not 1 <= kind <= 8 or reserved or length > 65535 or end > len(raw):
        return None
    if flags & ~(1 if kind == RECORD else 0):
        return None
    if crc32c(salt + raw[at:at + 20] + raw[at + 24:end]) != crc:
        return None
    return kind, flags, seq, raw[at + 24:end], end


def read_batch(raw, at, salt):
    """(frames, commit body, commit frame, end), or None if no whole batch begins at `at`."""
    frames, begin = [], at
    while True:
        frame = read_frame(raw, at, salt)
        if frame is None:
            return None
        if frame[0] == COMMIT:
            end = (frame[4] + ALIGN - 1) // ALIGN * ALIGN
            need(end <= len(raw) and not any(raw[frame[4]:end]), f"padding at {frame[4]}")
            return frames, frame, raw[begin:at], raw[at:frame[4]], end
        frames.append(frame)
        at = frame[4]


def verify(directory, remembered=None):
    log = os.path.join(directory, "log")
    names = sorted((n for n in os.listdir(log) if n.endswith(".seg")),
                   key=lambda n: int(n.split("-")[0]))
    need(names, "no segment")
    leaves, previous, log_id, tail = [], bytes(32), None, None
    for index, name in enumerate(names):
        with open(os.path.join(log, name), "rb") as file:
            raw = file.read()
        h = read_header(raw, name)
        need(h["number"] == index + 1, "a segment is missing")
        need(log_id in (None, h["log"]), "segment of another log")
        log_id = h["log"]
        need(h["previous"] == previous, f"{name} does not chain")
        need(h["tree_size"] == len(leaves) and h["first_seq"] == len(leaves) + 1, "tree size")
        need(h["root"] == root_of(leaves), "root of the header")
        previous, at, first = sha(raw[:4096]), 4096, True
        while at < len(raw):
            batch = read_batch(raw, at, h["salt"])
            if batch is None:
                break
            frames, commit, octets, commit_octets, end = batch
            recovery, adopted = None, []
            base = len(leaves)
            for kind, flags, seq, payload, _ in frames:
                need(seq == len(leaves) + 1, f"sequence number in {name}")
                if kind == RECORD:
                    leaves.append(sha(b"\x00" + payload))
                    if flags & 1:
                        adopted.append(payload)
                elif kind == RECOVERY:
                    recovery = struct.unpack("<B7xQQQQ32sQQ", payload)
            body = struct.unpack("<BB2xIQQQ32s32s32s16sQQ", commit[3])
            algorithm, flags, count, first_seq, size, tree, root, prev, digest, boot = body[:10]
            need(algorithm == 1 and flags == 1 and boot == h["boot"], "COMMIT fields")
            need(count == len(leaves) - base and first_seq == base + 1, "COMMIT count")
            need(size == len(octets) and digest == sha(octets), "COMMIT batch hash")
            need(prev == previous, f"COMMIT chain in {name} at {at}")
            need(tree == len(leaves) and root == root_of(leaves), "COMMIT root")
            need(commit[2] == len(leaves) + 1, "COMMIT sequence number")
            previous = sha(commit_octets)
            if first:
                check_tail(recovery, adopted, tail)
                tail = None
            else:
                need(recovery is None and not adopted, "recovery inside a segment")
            first = False
            at = end
        need(not first, f"{name} has no first batch")
        rest = raw[at:].rstrip(b"\0")
        if rest:
            tail = (index + 1, at, rest)
    need(tail is None, "a tail that no later run has recorded")
    if remembered:
        size, root = remembered.split(":")
        need(int(size) <= len(leaves), "shorter than the checkpoint")
        need(root_of(leaves[:int(size)]).hex() == root, "other records than the checkpoint's")
    return f"{len(leaves)}:{root_of(leaves).hex()}"


def check_tail(recovery, adopted, tail):
    need((recovery is None) == (tail is None), "a tail without RECOVERY, or the reverse")
    if tail is None:
        need(not adopted, "adopted records without a tail")
        return
    _, segment, offset, length, _, digest, _, count = recovery
    need((segment, offset, length) == (tail[0], tail[1], len(tail[2])), "RECOVERY position")
    need(digest == sha(tail[2]), "RECOVERY digest")
    need(count == len(adopted), "number of adopted records")


def self_test(driver):
    with tempfile.TemporaryDirectory() as root:
        log = os.path.join(root, "audit")
        subprocess.run([driver, log, "120"], check=True, stdout=subprocess.DEVNULL)
        early = verify(log)
        # A torn tail, as a power cut leaves it: half of a batch behind the last one of run two.
        subprocess.run([driver, log, "3"], check=True, stdout=subprocess.DEVNULL)
        last = max(os.listdir(os.path.join(log, "log")))
        path = os.path.join(log, "log", last)
        with open(path, "r+b") as file:
            raw = file.read()
            used = (len(raw.rstrip(b"\0")) + ALIGN - 1) // ALIGN * ALIGN
            file.seek(used)
            file.write(raw[4096:4096 + 70])
        subprocess.run([driver, log, "3"], check=True, stdout=subprocess.DEVNULL)
        final = verify(log, early)
        need(final.split(":")[0] == "126", "number of records")
        need(len(os.listdir(os.path.join(log, "log"))) > 4, "the log did not rotate")
        found = 0
        for name in sorted(os.listdir(os.path.join(log, "log"))):
            path = os.path.join(log, "log", name)
            os.chmod(path, 0o600)
            with open(path, "rb") as file:
                raw = file.read()
            used = len(raw.rstrip(b"\0"))
            for at in range(7, used, used // 9):
                with open(path, "r+b") as file:
                    file.seek(at)
                    file.write(bytes([raw[at] ^ 4]))
                try:
                    verify(log, final)
                except Fault:
                    found += 1
                else:
                    raise Fault(f"a change of {name} at {at} was not found")
                with open(path, "r+b") as file:
                    file.seek(at)
                    file.write(raw[at:at + 1])
        need(verify(log, final) == final, "the log is whole again")
        print(f"ok: 126 records verified, {found} changes found")


def main():
    try:
        if len(sys.argv) == 3 and sys.argv[1] == "--self-test":
            self_test(sys.argv[2])
        else:
            print("ok", verify(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
    except Fault as fault:
        print("fault:", fault)
        return 40
    except Newer as newer:
        print("not read:", newer)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
