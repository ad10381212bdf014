"""The row of --window: an hour that slides every second, for every aggregate there is.

    vocabulary  CPU time a slide and memory, 100,000 keys, an hour against a minute

The clock is a virtual one, paced by --max-rate: an hour passes in as long as its work takes. A report
is of the keys that have changed. Lists of an hour are longer than those of a minute, and are printed
whole: their work is shown for each byte of the report.
"""

import os
import subprocess

from checkpoint import EPOCH, cpu_of, held_by, times_of
from ground import ENV, MB, Row, check, note, shown

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
LISTS = ("distinct values", "group")


def vocabulary(bench):
    """Each aggregate over a minute and over an hour."""
    slides = 60 if bench.quick else 300
    short, long = (60, 600) if bench.quick else (60, 3600)
    lines = bench.input("pairs", pairs, (long * 3 // 2 + slides) * RATE)
    for name, flags in AGGREGATES:
        before, less, shorter = slid(bench, lines, flags, short, slides)
        took, held, longer = slid(bench, lines, flags, long, slides)
        what, slower = f"{name} over {long} s: a slide", took / before
        if name in LISTS:
            what, slower = f"{what}, for each byte of its report", slower / (longer / shorter)
        note(f"{what}: {slower:.2f}")
        texts = [f"{slower:.2f}", f"{shown(1000 * took)} ms CPU", f"{shown(held / MB)} MB held"]
        texts += [f"{held / long / RATE:.0f} B a record, {short} s: {shown(less / MB)} MB"]
        yield Row(what, *texts, f"< {SLOWER}", slower < SLOWER)


def slid(bench, lines, flags, length, slides):
    """CPU time a slide of a full window, the memory it holds at most, and how many bytes a slide prints."""
    full = length * 3 // 2
    window = ["--pair", " ", *flags.split(), "--window", str(length), "--changed", *EPOCH]
    clock = ["--virtual-clock", "0", "--max-rate", str(RATE), "--batches", str(full + slides)]
    command = [bench.weir, "stdin", *window, *clock, "--quiet"]
    marks, held = [], 0
    with open(lines, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, env=ENV)
    for _, times in times_of(process.stdout):
        if max(times, default=0) >= full:
            marks.append((max(times), cpu_of(process), printed_by(process)))
            held = max(held, held_by(process))
    check(process.wait() == 0, f"{command} failed")
    first, last = marks[0], marks[-1]
    passed, took, printed = (late - early for early, late in zip(first, last))
    check(passed >= slides / 2, f"{command}: {passed} slides")
    return took / passed, held, printed / passed


def printed_by(process):
    """How many bytes a process has written so far."""
    with open(f"/proc/{process.pid}/io", encoding="ascii") as counts:
        return int(dict(line.split(": ") for line in counts)["wchar"])


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
