"""The row of --window: an hour that slides every second, for every aggregate there is.

    vocabulary  CPU time a slide and memory, 100,000 keys, an hour against a minute

The clock is a virtual one, paced by --max-rate: an hour passes in as long as its work takes. A report
is of the keys that have changed.
"""

import os
import subprocess

from checkpoint import EPOCH, cpu_of, held_by, times_of
from ground import ENV, MB, Row, check, shown

KEYS = 100_000
RATE = 2000  # records a second: 72 of each key in an hour
SLOWER = 2.5  # An hour's slide against a minute's: ten times as many keys are there, and caches miss more.

AGGREGATES = [
    ("count", "--count-by-key"),
    ("count, --sort none", "--count-by-key --sort none"),
    ("sum", "--sum-by-key"),
    ("min", "--min-by-key"),
    ("mean, stddev", "--stats-by-key mean,stddev"),
    ("p99", "--stats-by-key p99"),
    ("distinct", "--stats-by-key distinct"),
    ("first, last", "--stats-by-key first,last"),
    ("distinct values", "--distinct-by-key"),
    ("group", "--group-by-key"),
]


def vocabulary(bench):
    """Each aggregate over a minute and over an hour."""
    slides = 60 if bench.quick else 300
    short, long = (60, 600) if bench.quick else (60, 3600)
    lines = bench.input("pairs", pairs, (long * 3 // 2 + slides) * RATE)
    for name, flags in AGGREGATES:
        before, less = slid(bench, lines, flags, short, slides)
        took, held = slid(bench, lines, flags, long, slides)
        texts = [f"{took / before:.2f}", f"{shown(1000 * took)} ms CPU", f"{shown(held / MB)} MB held"]
        texts += [f"{held / long / RATE:.0f} B a record, {short} s: {shown(less / MB)} MB"]
        yield Row(f"{name} over {long} s: a slide", *texts, f"< {SLOWER}", took / before < SLOWER)


def slid(bench, lines, flags, length, slides):
    """CPU time a slide of a full window, and the memory it holds at most."""
    full = length * 3 // 2
    window = ["--pair", " ", *flags.split(), "--window", str(length), "--changed", *EPOCH]
    clock = ["--virtual-clock", "0", "--max-rate", str(RATE), "--batches", str(full + slides)]
    command = [bench.weir, "stdin", *window, *clock, "--quiet"]
    marks, held = [], 0
    with open(lines, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, env=ENV)
    for _, times in times_of(process.stdout):
        if max(times, default=0) >= full:
            marks.append((max(times), cpu_of(process)))
            held = max(held, held_by(process))
    check(process.wait() == 0, f"{command} failed")
    (first, before), (last, after) = marks[0], marks[-1]
    check(last - first >= slides / 2, f"{command}: {last - first} slides")
    return (after - before) / (last - first), held


def pairs(out, count):
    """Keys, as chance has it, each with a number of up to five digits."""
    seed = 1
    for first in range(0, count, 100_000):
        some = []
        for _ in range(min(100_000, count - first)):
            seed = (seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
            some.append(b"key%d %d\n" % ((seed >> 33) % KEYS, (seed >> 13) % 100_003))
        out.write(b"".join(some))


ROWS = (vocabulary,)
