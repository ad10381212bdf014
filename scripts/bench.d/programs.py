"""The rows of scripts/bench about programs of the user, in the language of jq: a plain path and a filter against jq, and
states that programs keep.

jq writes what it finds and counts nothing. States are updated under a virtual clock, paced by --max-rate: each
batch has values for 1 % of 100,000 keys.
"""

import json
import shutil
import subprocess

from checkpoint import EPOCH, cpu_of, times_of
from ground import ENV, TSV, Row, check, compared, cpu, duel, shown
from parts import check_values, json_log

KEYS = 100_000
TOUCHED = KEYS // 100

FILTER = "select(.request.status >= 400) | [.request.path, .request.ms]"
SUM = "(.values | add // 0) + (.state // 0)"


def programs(bench):
    """Records through programs, on one thread, by CPU time."""
    if not shutil.which("jq"):
        yield Row("programs, against jq: left out", *[""] * 4, "there is no jq")
        return
    log = bench.input("json-log", json_log, bench.scaled(500_000_000))
    one = ["--threads", "1"]
    count = [bench.weir, "stdin", "--jq", ".user", "--count-by-key", *one, *TSV]
    pairs = duel(bench.measure("weir-path", count, log), bench.measure("jq-path", ["jq", "-r", ".user"], log), bench.rounds)
    check_values(bench, *(side.out for side in pairs[-1]))
    yield compared("count by --jq .user, CPU, against jq -r .user (which only writes)", pairs, cpu, goal=10)
    ours = [bench.weir, "stdin", "--jq", FILTER, "--once", "--format", "text", *one]
    pairs = duel(bench.measure("weir-jq", ours, log), bench.measure("jq-c", ["jq", "-c", FILTER], log), bench.rounds)
    check_records(*(side.out for side in pairs[-1]))
    yield compared(f"--jq '{FILTER}', CPU, against jq -c", pairs, cpu, goal=3)


def check_records(ours, theirs):
    """The same values; how numbers are written is another matter."""
    with open(ours) as ours, open(theirs) as theirs:
        for mine, other in zip(ours, theirs, strict=True):
            check(mine == other or json.loads(mine) == json.loads(other), f"{mine} is not {other}")


def states(bench):
    """A batch of --update-state-by, with --touched and without."""
    full, measured = KEYS // TOUCHED, 5 if bench.quick else 30
    lines = bench.input("states", in_turn, (full + measured + 2) * TOUCHED)
    every = updated(bench, lines, [], full, measured)
    touched = updated(bench, lines, ["--touched"], full, measured)
    texts = [f"{every / touched:.3g}", "", f"{shown(1000 * touched)} ms CPU", f"{shown(1000 * every)} ms CPU for every key"]
    yield Row("a batch of --update-state-by --touched, 1 % of 100,000 keys, against every key", *texts)


def in_turn(out, count):
    """Lines as `user00017 4`, each user in turn."""
    for n in range(count):
        out.write(f"user{n % KEYS:05} {n % 10}\n".encode())


def updated(bench, lines, flags, full, measured):
    """CPU time a batch once all keys are there."""
    state = ["--pair", " ", "--update-state-by", SUM, *flags, "--changed", *EPOCH]
    clock = ["--virtual-clock", "0", "--max-rate", str(TOUCHED), "--batches", str(full + measured)]
    with open(lines, "rb") as source:
        command = [bench.weir, "stdin", *state, *clock, "--quiet"]
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, env=ENV)
    marks = []
    for _, times in times_of(process.stdout):
        if max(times, default=0) >= full:
            marks.append((max(times), cpu_of(process)))
    check(process.wait() == 0, f"{command} failed")
    (first, before), (last, after) = marks[0], marks[-1]
    return (after - before) / max(1, last - first)


ROWS = (programs, states)
