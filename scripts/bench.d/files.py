"""The rows of `files`, and of a file on stdin.

    files    read by name against a pipe and against stdin, and two threads against one
    packed   .gz against zcat and a pipe
    growing  what it costs to follow a file to which 100,000 lines a second are appended

A pipe is filled by cat, whose time counts: that is what a person would type.
"""

import gzip
import os
import shlex
import shutil
import subprocess
import time

from checkpoint import cpu_of
from ground import ENV, TSV, Row, check, check_counts, compared, duel, wall

# One batch, of a pipe too.
BY_KEY = ["--once", "--count-by-key", *TSV]
RATE = 100_000  # lines a second that a file grows by
PIECES = 20  # writes a second


def files(bench):
    """Counts by key of one file, by wall time."""
    words = bench.words
    by_name = bench.measure("files-name", [bench.weir, "files", str(words), *BY_KEY], os.devnull)
    piped = shlex.join([bench.weir, "stdin", *BY_KEY])
    others = [
        ("cat big | weir", bench.measure("files-pipe", f"cat {shlex.quote(str(words))} | {piped}", os.devnull)),
        ("weir < big", bench.measure("files-stdin", [bench.weir, "stdin", *BY_KEY], words)),
    ]
    for name, other in others:
        pairs = duel(by_name, other, bench.rounds)
        check_counts(*(side.out for side in pairs[-1]))
        yield compared(f"files big --count-by-key, wall, against {name}", pairs, wall, goal=1)
    split = ["files", str(bench.text), "--split", " ", *BY_KEY, "--threads"]
    one, two = (bench.measure(f"files-{n}", [bench.weir, *split, n], os.devnull) for n in ("1", "2"))
    pairs = duel(two, one, 2 * bench.rounds - 1)
    check_counts(*(side.out for side in pairs[-1]))
    yield compared("files big, word count, wall, 2 threads against 1", pairs, wall, goal=1.8)


def packed(bench):
    """Counts by key of what is in a .gz, on two threads, by wall time."""
    found = bench.input("words.gz", packed_words(bench), 0)
    # The end of the name says what it is.
    path = found.with_name(f"{found.name.replace('.', '-')}.gz")
    if not path.exists():
        os.link(found, path)
    for steps in ([], ["--split", "e"]):
        flags = [*steps, *BY_KEY, "--threads", "2"]
        ours = bench.measure("packed", [bench.weir, "files", str(path), *flags], os.devnull)
        piped = shlex.join([bench.weir, "stdin", *flags])
        theirs = bench.measure("packed-pipe", f"zcat {shlex.quote(str(path))} | {piped}", os.devnull)
        pairs = duel(ours, theirs, bench.rounds)
        check_counts(*(side.out for side in pairs[-1]))
        what = " ".join([*steps, "--count-by-key"])
        yield compared(f"files big.gz {what}, wall, against zcat big.gz | weir", pairs, wall, goal=1.3)


def packed_words(bench):
    """Makes a .gz of the words, several times over."""

    def make(out, _):
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as packed:
            for _ in range(1 if bench.quick else 4):
                with open(bench.words, "rb") as words:
                    shutil.copyfileobj(words, packed, 1 << 20)

    return make


def growing(bench):
    """What following costs, as a share of a core."""
    seconds = 3 if bench.quick else 20
    path = bench.dir / "growing"
    path.write_bytes(b"")
    command = [bench.weir, "files", str(path), "--follow", "--from", "earliest", "--count", *TSV, "--interval", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENV)
    piece = b"".join(b"2026-11-26T00:00:00Z INFO line %06d of a log\n" % n for n in range(RATE // PIECES))
    start = time.monotonic()
    with open(path, "ab", buffering=0) as log:
        for number in range(seconds * PIECES):
            log.write(piece)
            time.sleep(max(0, start + (number + 1) / PIECES - time.monotonic()))
    # The last piece has time to be read.
    time.sleep(1.5)
    took, share = time.monotonic() - start, 100 * cpu_of(process) / (seconds + 1.5)
    process.terminate()
    out = process.communicate()[0]
    check(process.returncode == 0, f"{command}: exit status {process.returncode}")
    lines = sum(int(line) for line in out.split())
    check(lines == seconds * RATE, f"{command}: {lines} lines of {seconds * RATE}")
    path.unlink()
    texts = [f"{share:.2f} %", "", f"{RATE} lines/s", f"{took:.0f} s"]
    yield Row("--follow of a file that grows, share of a core", *texts, "< 5 %", share < 5)


ROWS = (files, packed, growing)
