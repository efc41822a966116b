"""From slices to ratios and tables. Ratios are taken within a round, then the median is shown."""

import os
import pathlib
import platform
import statistics
import subprocess
import time

CONTENDED = 0.10  # share of the machine that others used: such slices are marked, not dropped
SERIAL_SYNCS = 4  # of a confirmed mutation: docs/architecture.md, the road

# name, what is divided, aim as text; the function gets {(side, kind, outstanding): slice} of a round
RATIOS = [
    ("T1 rate", "product / bare, reads per second, 64 outstanding", ">= 0.8",
     lambda r: r["product", "read", 64]["rate"] / r["bare", "read", 64]["rate"]),
    ("T1 p50", "product / bare, read p50, 1 outstanding", "<= 1.25",
     lambda r: r["product", "read", 1]["p50_us"] / r["bare", "read", 1]["p50_us"]),
    ("T4", f"product mutation p50, 1 outstanding / ({SERIAL_SYNCS} x fdatasync p50)", "<= 3",
     lambda r: r["product", "mutation", 1]["p50_us"] / _syncs(r)),
    ("T4 of bare", "the same of the bare model", "-",
     lambda r: r["bare", "mutation", 1]["p50_us"] / _syncs(r)),
    ("T8", "product / bare, CPU per read, 64 outstanding (client left out)", "<= 1.25",
     lambda r: _cpu(r["product", "read", 64]) / _cpu(r["bare", "read", 64])),
    ("read 16", "product / bare, reads per second, 16 outstanding", "-",
     lambda r: r["product", "read", 16]["rate"] / r["bare", "read", 16]["rate"]),
    ("mutation p50", "product / bare, mutation p50, 1 outstanding", "-",
     lambda r: r["product", "mutation", 1]["p50_us"] / r["bare", "mutation", 1]["p50_us"]),
    ("mutation 16", "product / bare, mutations per second, 16 outstanding", "-",
     lambda r: r["product", "mutation", 16]["rate"] / r["bare", "mutation", 16]["rate"]),
]


def _syncs(round_):
    return SERIAL_SYNCS * round_["disk", "disk", 1]["p50_us"]


def _cpu(slice_):
    return slice_["plane_cpu_s"] / slice_["ops"]


def _rounds(slices):
    rounds = {}
    for slice_ in slices:
        key = slice_["side"], slice_["kind"], slice_["outstanding"]
        rounds.setdefault(slice_["round"], {})[key] = slice_
    return [rounds[number] for number in sorted(rounds)]


class _Seen(dict):
    """A round that remembers which of its slices were asked for."""

    def __init__(self, round_):
        super().__init__(round_)
        self.others = []

    def __getitem__(self, key):
        slice_ = super().__getitem__(key)
        self.others.append(slice_["others_cpu"])
        return slice_


def ratios(slices):
    """One entry per ratio that the run can tell; a side that is missing leaves its ratios out."""
    found = []
    for name, what, aim, divide in RATIOS:
        rounds = [_Seen(round_) for round_ in _rounds(slices)]
        try:
            values = [divide(round_) for round_ in rounds]
        except (KeyError, ZeroDivisionError):
            continue
        quiet = [value for value, round_ in zip(values, rounds) if max(round_.others) <= CONTENDED]
        found.append({"name": name, "what": what, "aim": aim,
                      "median": statistics.median(values), "low": min(values),
                      "high": max(values), "values": values, "quiet_values": quiet,
                      "quiet_median": statistics.median(quiet) if quiet else None})
    return found


def about(args, milliseconds):
    """Where, when and how, so that the numbers can be put in their place."""
    commit = subprocess.run(["git", "-C", str(pathlib.Path(__file__).parent), "describe",
                             "--always", "--dirty"], capture_output=True, text=True, check=False)
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", args.dir], capture_output=True,
                                text=True, check=False)
    cpu = ""
    with open("/proc/cpuinfo") as lines:
        cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return {"date": time.strftime("%Y-%m-%d %H:%M:%S %z"), "commit": commit.stdout.strip(),
            "cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "filesystem": filesystem.stdout.strip(), "programs": args.bin, "rounds": args.rounds,
            "slice_ms": milliseconds}


def _middle(values, digits=0):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def _load_table(slices):
    lines = ["| load | outstanding | side | per second | p50 us | p99 us | plane CPU us | "
             "client CPU us |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    groups = {}
    for slice_ in slices:
        key = slice_["kind"], slice_["outstanding"], slice_["side"]
        groups.setdefault(key, []).append(slice_)
    for (kind, outstanding, side), group in groups.items():
        told = [s for s in group if s["ops"]]
        if not told:
            lines.append(f"| {kind} | {outstanding} | {side} | 0 | - | - | - | - |")
            continue
        lines.append(
            f"| {kind} | {outstanding} | {side} | {_middle([s['rate'] for s in told])} | "
            f"{_middle([s['p50_us'] for s in told])} | {_middle([s['p99_us'] for s in told])} | "
            f"{_middle([s['plane_cpu_s'] / s['ops'] * 1e6 for s in told], 1)} | "
            f"{_middle([s['client_cpu_s'] / s['ops'] * 1e6 for s in told], 1)} |")
    return lines


def _ratio_table(found):
    lines = ["| ratio | what | aim | median | range | quiet rounds only |",
             "| --- | --- | --- | --- | --- | --- |"]
    for r in found:
        quiet = f"{r['quiet_median']:.2f} (of {len(r['quiet_values'])})" if r["quiet_values"] else "-"
        lines.append(f"| {r['name']} | {r['what']} | {r['aim']} | **{r['median']:.2f}** | "
                     f"{r['low']:.2f}-{r['high']:.2f} | {quiet} |")
    return lines


def _sync_table(syncs):
    lines = ["| load | outstanding | side | syncs per request | requests | syncs/s when idle |",
             "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {s['kind']} | {s['outstanding']} | {s['side']} | "
              f"{s['syncs'] / max(1, s['ops']):.2f} | {s['ops']} | {s['idle_syncs_per_s']} |"
              for s in syncs]
    return lines


def _totals(slices, field):
    totals = {}
    for slice_ in slices:
        for name, count in slice_.get(field, {}).items():
            key = f"{slice_['side']} {slice_['kind']}: {name}"
            totals[key] = totals.get(key, 0) + count
    return [f"- {name}: {count}" for name, count in sorted(totals.items())]


def markdown(run):
    """The whole report, as it goes to standard output."""
    where, slices = run["about"], run["slices"]
    others = [s["others_cpu"] for s in slices]
    contended = sum(share > CONTENDED for share in others)
    lines = [f"{where['date']}, commit {where['commit'] or 'unknown'}, {where['cpu']}, "
             f"{where['cores']} cores, Linux {where['kernel']}, {where['filesystem']}, "
             f"{where['programs']}", "",
             f"{where['rounds']} rounds, slices of {where['slice_ms']} ms, median (range). "
             f"Others' CPU: median {statistics.median(others):.0%}, most {max(others):.0%} of the "
             f"machine; {contended} of {len(slices)} slices had above {CONTENDED:.0%}.", ""]
    lines += _load_table(slices) + [""]
    if run["ratios"]:
        lines += _ratio_table(run["ratios"]) + [""]
    if run["syncs"]:
        lines += _sync_table(run["syncs"]) + [""]
    for title, field in (("Verdicts", "verdicts"), ("Requests that ended otherwise", "odd")):
        if found := _totals(slices, field):
            lines += [title + ":", *found, ""]
    return "\n".join(lines)
