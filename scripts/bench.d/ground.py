"""What all rows of scripts/bench stand on: runs and their measures, ratios, inputs, results."""

import functools
import itertools
import json
import operator
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ENV = {**os.environ, "LC_ALL": "C"}
MB = 1_000_000
AWK_WORDS = '{for(i=1;i<=NF;i++)c[$i]++} END{for(w in c)print w "\\t" c[w]}'
AWK_KEYS = "{c[$0]++} END{for(k in c){n++;t+=c[k]} print n, t}"
TSV = ["--format", "tsv", "--no-time"]


class Wrong(Exception):
    """A program gave another result than it should."""


def check(is_right, what):
    """Raises Wrong, which says what is wrong, if something is."""
    if not is_right:
        raise Wrong(what)


# ---- Runs and ratios


@dataclass
class Run:
    """What a run took, and where its output is."""

    wall: float
    cpu: float
    rss: int
    out: Path


def finish(process, start, out=None):
    """Waits for a child and takes its measures."""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode == 0, f"{process.args}: exit status {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out)


def run(command, stdin, out):
    """Runs a command (a list, or a text for sh) from one file into another."""
    argv = ["sh", "-c", command] if isinstance(command, str) else command
    with open(stdin, "rb") as source, open(out, "wb") as target:
        start = time.monotonic()
        return finish(subprocess.Popen(argv, stdin=source, stdout=target, env=ENV), start, out)


def duel(ours, theirs, rounds):
    """Lets two measurements take turns; the first pair is the warm-up and does not count."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)]
    return pairs[1:]


def middle(values):
    """The median, with the least and the greatest beside it."""
    values = sorted(values)
    return statistics.median(values), f"{shown(values[0])}..{shown(values[-1])}"


def shown(value):
    """A number with about three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def apart(work, what):
    """Does something in a process apart, so that its memory is not counted."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except Wrong as wrong:
            print(f"bench: {wrong}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    check(os.waitpid(child, 0)[1] == 0, what)


@dataclass
class Row:
    """A line of the table."""

    what: str
    ratio: str
    spread: str
    weir: str
    other: str
    goal: str = ""
    met: bool | None = None

    def cells(self):
        """The line's texts; without a goal there is nothing to miss."""
        verdict = {None: "", True: "ok", False: "MISSED"}[self.met]
        return [self.what, self.ratio, self.spread, self.weir, self.other, self.goal, verdict]


def compared(what, pairs, measure, unit="s", goal=None):
    """The line of a duel: how many times as much the other program took."""
    ratio, spread = middle([measure(theirs) / measure(ours) for ours, theirs in pairs])
    ours, theirs = (statistics.median(map(measure, side)) for side in zip(*pairs))
    texts = [f"{ratio:.2f}", spread, f"{shown(ours)} {unit}", f"{shown(theirs)} {unit}"]
    if goal is None:
        return Row(what, *texts)
    return Row(what, *texts, f">= {goal}", ratio >= goal)


def cpu(run):
    """Its CPU time in seconds."""
    return run.cpu


def wall(run):
    """Its wall time in seconds."""
    return run.wall


def listening(bench, flags, out):
    """Starts `weir listen` on a free port and returns it with the port."""
    command = [bench.weir, "listen", "0", *flags]
    weir = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env=ENV)
    for line in weir.stderr:
        found = re.search(rb"listening on \S*:(\d+)", line)
        if found:
            return weir, int(found[1])
    raise Wrong(f"{' '.join(command)} does not listen")


def note(text):
    """Says on stderr what goes on."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


# ---- Inputs


def english(out, size):
    """Real text where Debian's bible-kjv is installed, otherwise words by Zipf's law."""
    if shutil.which("bible"):
        verses = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], stdout=subprocess.PIPE, check=True)
        out.writelines(itertools.repeat(verses.stdout, -(-size // len(verses.stdout))))
        return
    dice = random.Random(1)
    letters = lambda rank: "".join(dice.choices("etaoinshrdlucmf", k=2 + len(bin(rank)) // 3))
    words = list(dict.fromkeys(letters(rank) + f"{rank % 97:x}" for rank in range(1, 60_001)))
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    lines = lambda: (" ".join(dice.choices(words, cum_weights=weights, k=12)) for _ in range(1000))
    blocks = [("\n".join(lines()) + "\n").encode() for _ in range(150)]
    while out.tell() < size:
        out.write(dice.choice(blocks))


def distinct_keys(out, count):
    """Distinct keys of 12 bytes: all pairs of two sets of six, so ordered that no half stays."""
    few, many = 4000, count // 4000
    base = "0123456789abcdefghijklmnopqrstuvwxyz"
    six = lambda n: "".join(base[n // 36**at % 36] for at in range(6))
    # A factor that is coprime to 36 maps the numbers below 36^6 onto themselves.
    heads, tails = ([six(n * 1_402_650_689 % 36**6) for n in range(size)] for size in (few, many))
    spread = operator.itemgetter(*(n * 1277 % many for n in range(few)))
    for turn in range(many):
        keys = map(operator.add, heads, spread(tails[turn:] + tails[:turn]))
        out.write(("\n".join(keys) + "\n").encode())


def lines_of(source):
    """Makes a file of the lines of another one, over and over."""

    def make(out, size):
        with open(source, "rb") as text:
            while out.tell() < size:
                block = text.read(MB) + text.readline()
                text.seek(text.tell() if block else 0)
                out.write(block)

    return make


def one_word_a_line(source):
    """Makes a file of the first part of another one, a word a line."""

    def make(out, size):
        with open(source, "rb") as text:
            out.write(b"\n".join(text.read(size).split()) + b"\n")

    return make


class Bench:
    """What all rows need: where things are, and how much is to be done."""

    def __init__(self, options):
        self.quick = options.quick
        self.rounds = 1 if options.quick else 3
        self.limits = options.limits
        target = self.target()
        self.dir = target / "bench"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.weir = str(options.weir.absolute() if options.weir else self.build(target))

    def target(self):
        """Cargo's target directory, as its settings have it."""
        command = ["cargo", "metadata", "--format-version=1", "--no-deps"]
        found = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        return Path(json.loads(found)["target_directory"])

    def build(self, target):
        """Builds what is measured."""
        subprocess.run(["cargo", "build", "--release", "--quiet"], check=True)
        return target / "release" / "weir"

    def scaled(self, size):
        """An input's size, smaller with --quick."""
        return size // 10 if self.quick else size

    def input(self, name, make, size):
        """Makes an input unless it is there; in a process apart, whose memory is not counted."""
        path = self.dir / f"{name}{'-quick' if self.quick else ''}"
        if not path.exists():
            note(f"making {path.name}")
            part = path.with_suffix(".part")

            def work():
                with open(part, "wb") as out:
                    make(out, size)

            apart(work, f"{path} could not be made")
            part.rename(path)
        return path

    @functools.cached_property
    def text(self):
        """At least 400 MB of English."""
        return self.input("text", english, self.scaled(440_000_000))

    @functools.cached_property
    def words(self):
        """A tenth of it, a word a line."""
        return self.input("words", one_word_a_line(self.text), self.scaled(44_000_000))

    @functools.cached_property
    def keys(self):
        """20 million distinct keys of 12 bytes."""
        return self.input("keys", distinct_keys, self.key_count)

    @property
    def key_count(self):
        """How many keys that is."""
        return self.scaled(20_000_000)

    @functools.cached_property
    def lines(self):
        """1 GB of lines."""
        return self.input("lines", lines_of(self.text), self.scaled(1_000_000_000))

    def out(self, name):
        """Where a run's output goes."""
        return self.dir / f"out-{name}"

    def measure(self, name, command, stdin):
        """A measurement to take again and again."""
        return lambda: run(command, stdin, self.out(name))

    def word_count(self, threads=1):
        """The word count, in so many threads."""
        steps = ["--split", " ", "--count-by-key", "--threads", str(threads)]
        return self.measure(f"weir-{threads}", [self.weir, "stdin", *steps, *TSV], self.text)

    @functools.cached_property
    def against_mawk(self):
        """The word count against mawk: time and memory of the same runs."""
        mawk = self.measure("mawk", ["mawk", AWK_WORDS], self.text)
        pairs = duel(self.word_count(), mawk, self.rounds)
        check_counts(*(side.out for side in pairs[-1]))
        return pairs


# ---- Results


def counts(path, key_first=True):
    """The counts of a word count; weir and Python's split have an empty word where awk has none."""
    found = {}
    with open(path, encoding="latin-1", newline="\n") as lines:
        for line in lines:
            if key_first:
                key, count = line.rstrip("\n").rsplit("\t", 1)
            else:
                count, key = line.rstrip("\n").split(maxsplit=1)
            found[key] = int(count)
    found.pop("", None)
    return found


def check_counts(ours, theirs, key_first=True):
    """Two word counts must be the same; ours must be in order."""

    def work():
        mine = counts(ours)
        check(mine == counts(theirs, key_first), f"{ours} and {theirs} differ")
        check(list(mine.values()) == sorted(mine.values(), reverse=True), f"{ours}: not in order")

    apart(work, f"{ours} or {theirs} is wrong")


def check_total(ours, theirs):
    """The counts must come to what wc says."""
    work = lambda: check(sum(counts(ours).values()) == numbers(theirs)[0], "the totals differ")
    apart(work, f"{ours} or {theirs} is wrong")


def total(path):
    """How many counts weir wrote, and their sum, with the empty word."""
    with open(path, encoding="latin-1", newline="\n") as lines:
        found = [int(line.rsplit("\t", 1)[1]) for line in lines]
    return [len(found), sum(found)]


def numbers(path):
    """All numbers in an output."""
    return [int(number) for number in re.findall(r"\d+", path.read_text())]
