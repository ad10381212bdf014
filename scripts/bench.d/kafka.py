"""The rows of scripts/bench about Kafka: counting keys of a topic against kcat, which counts nothing.

The broker is of scripts/kafka-up, on the same machine; it is there for these rows alone, and its data go with
it. Messages have 100 bytes, of which 8 are the key, in four partitions. weir counts the messages of each key;
kcat writes the values to /dev/null. Bytewax, which counts keys too, is asked once: it comes from PyPI into a
virtual environment under target/bench, and its time is that of the flow, without the start of Python.
"""

import contextlib
import os
import shutil
import subprocess
import sys

from distinct import queried, run_quietly
from ground import MB, TSV, Row, check, compared, cpu, duel, note, run, wall

KEYS = 1000
PARTITIONS = 4
TOPIC = "messages"
NULL = os.devnull

BYTEWAX = """
import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, run_main
def top(topic):
    brokers, topic = topic.split("/")
    counts = []
    flow = Dataflow("count")
    stream = op.input("in", flow, KafkaSource([brokers], [topic], tail=False, batch_size=10_000))
    op.output("out", op.count_final("count", stream, lambda message: message.key.decode()), TestingSink(counts))
    run_main(flow)
    return "".join(f"{key}\\t{count}\\n" for key, count in sorted(counts))
"""


def messages(out, count):
    """Lines of a key and a value, each key as frequent as the others."""
    value = "the quick brown fox jumps over the lazy dog " * 3
    lines = (f"key-{n * 7919 % KEYS:04}\t{n:010} {value}"[: 8 + 1 + 92] for n in range(100 * KEYS))
    block = ("\n".join(lines) + "\n").encode()
    for _ in range(count // (100 * KEYS)):
        out.write(block)


@contextlib.contextmanager
def broker(bench):
    """A broker, and the topic in it; the address."""
    home = bench.dir / "kafka"
    up = ["scripts/kafka-up", "--while", str(os.getpid()), "--set", f"num.partitions={PARTITIONS}", str(home)]
    said = subprocess.run(up, stdout=subprocess.PIPE, check=True, text=True).stdout
    at = dict(line.split("=", 1) for line in said.splitlines())["BROKERS"]
    try:
        yield at
    finally:
        subprocess.run(["scripts/kafka-up", "--remove", str(home)], check=True)


def fill(bench, at, count):
    """Sends the messages. The warm-up takes them once, so that all rounds read from memory what fits in there."""
    note(f"sending {count / MB:.3g} million messages")
    source = bench.input("kafka-messages", messages, count)
    send = ["kcat", "-P", "-b", at, "-t", TOPIC, "-q", "-K", "\t", "-X", "linger.ms=50", "-X", "batch.size=1000000"]
    run([*send, "-l", str(source)], NULL, NULL)


def kafka(bench):
    """Counts by key of a topic's messages."""
    if not shutil.which("java"):
        yield Row("count by key of a topic, against kcat: left out", *[""] * 4, "there is no Java")
        return
    count = bench.scaled(10_000_000)
    with broker(bench) as at:
        fill(bench, at, count)
        by_key = [bench.weir, "kafka", "-b", at, "-t", TOPIC, "--once", "--with-key", "--count-by-key", "-q"]
        ours = bench.measure("weir-kafka", [*by_key, "--sort", "key", *TSV], NULL)
        kcat = ["kcat", "-b", at, "-t", TOPIC, "-C", "-o", "beginning", "-e", "-q"]
        pairs = duel(ours, lambda: run(kcat, NULL, NULL), 1 if bench.quick else 5)
        text = pairs[-1][0].out.read_text()
        check(text == expected(count), "weir counts other keys")
        what = f"count by key of {count / MB:.3g} M messages of Kafka"
        yield compared(f"{what}, wall, against kcat (which only writes)", pairs, wall, goal=1)
        yield compared("  its CPU", pairs, cpu, goal=1)
        row = compared("  its peak memory", pairs, lambda side: side.rss / MB, "MB")
        row.goal, row.met = "weir < 128 MB", max(side.rss for side, _ in pairs) < 128 * MB
        yield row
        yield from against_bytewax(bench, ours, at, text, what)


def expected(count):
    """What is counted, in order of the keys."""
    return "".join(f"key-{key:04}\t{count // KEYS}\n" for key in range(KEYS))


def against_bytewax(bench, ours, at, text, what):
    """The same count by Bytewax."""
    python = environment(bench)
    if python is None:
        yield Row(f"{what}, against Bytewax: left out", *[""] * 4, "PyPI is not to be had")
        return
    note("Bytewax takes its time: once")
    theirs = queried(bench, python, BYTEWAX, f"{at}/{TOPIC}")
    check(theirs.out == text, "Bytewax counts other keys")
    pairs = [(ours(), theirs)]
    yield compared(f"{what}, wall, against Bytewax (once)", pairs, wall)
    yield compared("  its CPU", pairs, cpu)
    yield compared("  its peak memory", pairs, lambda side: side.rss / MB, "MB")


def environment(bench):
    """The Python that has Bytewax, or None if that is not to be had."""
    home = bench.dir / "venv-kafka"
    python = home / "bin" / "python"
    has_it = lambda: python.exists() and run_quietly([str(python), "-c", "import bytewax.connectors.kafka"])
    if has_it():
        return python
    note(f"installing Bytewax from PyPI under {home}")
    pip = [str(home / "bin" / "pip"), "install", "--quiet", "bytewax[kafka]"]
    made = run_quietly([sys.executable, "-m", "venv", str(home)]) and run_quietly(pip)
    if made and has_it():
        return python
    note("PyPI is not to be had: nothing is measured against Bytewax")
    return None


ROWS = (kafka,)
