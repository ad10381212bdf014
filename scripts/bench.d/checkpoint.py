"""The rows of --checkpoint: what it costs beside the stream, and how soon a stream goes on after it.

    touched     CPU time and lateness while 1 % of a million keys are touched a second
    recovery    from the start of the process to the first batch, ten million keys
    written     bytes of the log a batch, by how many keys were touched
    sliding     CPU time a slide, memory and disk by the length of the window
    logged      rates with the log of the input and without

The checkpoint lies under target/bench, on the disk that is measured with it. CPU time counts where it
can: it stands still while another program has the core, and wall time does not.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import time

from ground import ENV, MB, TSV, Row, Run, check, check_counts, compared, cpu, duel, finish
from ground import listening, numbers, run, shown, wall

COUNTS = ["--count-by-key", "--update-state", "--changed"]
EPOCH = ["--format", "tsv", "--epoch", "--interval", "1", "--threads", "1"]
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SLOWER = 2  # A slide of a window 60 times as long may take twice as long: caches miss more.


def some_keys(out, count):
    """Distinct keys of 4 to 10 bytes, a line each, in an order of their own."""
    for first in range(0, count, 100_000):
        places = range(first, min(first + 100_000, count))
        out.write(b"".join(b"key%d\n" % (place * 7919 % 10_000_019) for place in places))


def fresh(bench):
    """Where a checkpoint is to be, and nothing is."""
    path = bench.dir / "checkpoint"
    shutil.rmtree(path, ignore_errors=True)
    return path


def bytes_in(dir, prefix=""):
    """How many bytes files of a directory have, also while some of them go."""
    found = 0
    for path in dir.glob(f"{prefix}*"):
        try:
            found += path.stat().st_size
        except FileNotFoundError:
            pass
    return found


def cpu_of(process):
    """The CPU time of a child that runs, in seconds."""
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def held_by(process):
    """The memory of a child that runs, in bytes."""
    with open(f"/proc/{process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * PAGE


def times_of(stdout):
    """For each piece of output with EPOCH: when it came, and the Times of its rows."""
    rest = b""
    while piece := os.read(stdout.fileno(), 1 << 20):
        now = time.time()
        whole, _, rest = (rest + piece).rpartition(b"\n")
        yield now, {int(row.partition(b"\t")[0]) for row in whole.split(b"\n") if row}


def beside(work):
    """Does something in a process apart, and returns what waits for its end."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return lambda: check(os.waitpid(child, 0)[1] == 0, "a feeder failed")


# ---- Beside the stream


def touched(bench):
    """What the checkpoint adds while 1 % of a million keys are touched a second."""
    count, seconds = bench.scaled(1_000_000), 5 if bench.quick else 60
    keys = bench.input("million", some_keys, count).read_bytes().splitlines(keepends=True)
    dir = fresh(bench)
    without, late_without, _ = paced(bench, keys, min(seconds, 20))
    share, late, compactions = paced(bench, keys, seconds, dir)
    check(bench.quick or compactions > 0, "there was no compaction while it was measured")
    what = f"{count:,} keys, 1 % touched a second"
    added = 100 * (share - without)
    texts = [f"{added:.2f} %", "", f"{100 * share:.2f} %", f"{100 * without:.2f} %"]
    yield Row(f"{what}: share of a core for --checkpoint", *texts, "< 5 %", added < 5)
    sync = sync_p99(bench, len(keys) // 100 * 34, seconds)
    late.sort()
    texts = [f"max {late[-1]:.1f} ms", f"p50 {statistics.median(late):.1f} ms"]
    texts += [f"{len(late)} batches", f"sync p99 {sync:.1f} ms, without: max {max(late_without):.1f} ms"]
    what = f"{what}: lateness, compactions: {compactions}"
    yield Row(what, *texts, "< sync p99 + 50 ms", late[-1] < sync + 50)


def paced(bench, keys, seconds, dir=None):
    """The share of a core that a stream takes, the lateness of its batches, its compactions.

    All keys come once and most of them again, so that the log is soon to be compacted; then 1 % each
    second, which is what is measured.
    """
    flags = [] if dir is None else ["--checkpoint", str(dir)]
    command = [bench.weir, "stdin", *COUNTS, *EPOCH, *flags]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENV)
    begin = int(time.time()) + (4 if bench.quick else 15)
    fed = beside(lambda: feed(process, keys, begin, seconds))
    process.stdin.close()
    late, taken, snapshots = {}, [], []
    for now, times in times_of(process.stdout):
        late.update((at, 1000 * (now - at)) for at in times)
        if begin <= now <= begin + seconds:
            taken.append((now, cpu_of(process)))
            snapshots += dir.glob("snap-*[0-9]") if dir else []
    fed()
    check(process.wait() == 0, f"{command} failed")
    late = [ms for at, ms in late.items() if begin < at <= begin + seconds]
    check(len(late) >= seconds - 1, f"{command}: only {len(late)} batches in {seconds} s")
    (first, before), (last, after) = taken[0], taken[-1]
    return (after - before) / (last - first), late, max(0, len(set(snapshots)) - 1)


def feed(process, keys, begin, seconds):
    """Writes all keys, nine tenths of them, and from `begin` on some in the middle of each second."""
    process.stdout.close()
    out, some = process.stdin, len(keys) // 100
    for part in (keys, keys[: 9 * len(keys) // 10]):
        out.write(b"".join(part))
        out.flush()
        time.sleep(0.4 * (begin - time.time()))
    for second in range(seconds):
        time.sleep(max(0, begin + second + 0.3 - time.time()))
        first = second * some % (len(keys) - some)
        out.write(b"".join(keys[first : first + some]))
        out.flush()
    time.sleep(max(0, begin + seconds + 0.7 - time.time()))


def sync_p99(bench, size, seconds):
    """How long the disk takes at most for an append of so many bytes, in ms, but for 1 % of them."""
    path, took = bench.dir / "synced", []
    with open(path, "wb", buffering=0) as file:
        for _ in range(5 * seconds):
            file.write(bytes(size))
            start = time.monotonic()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.monotonic() - start))
    path.unlink()
    return sorted(took)[round(0.99 * (len(took) - 1))]


# ---- What is read and written


def filled(bench, keys, *flags):
    """Makes a checkpoint that holds the count of each key, and gives its directory and the command."""
    dir = fresh(bench)
    command = [bench.weir, "stdin", *COUNTS, *EPOCH, "--checkpoint", str(dir)]
    run([*command, "--once", *flags], keys, bench.out("filled"))
    return dir, command


def recovery(bench):
    """From the start of the process to the end of its first batch, which is empty."""
    count = bench.scaled(10_000_000)
    keys = bench.input("ten-million", some_keys, count)
    without = run([bench.weir, "stdin", *COUNTS, *EPOCH, "--once"], keys, bench.out("counted"))
    dir, command = filled(bench, keys)
    size = bytes_in(dir)
    again = [run([*command, "--once"], "/dev/null", bench.out("recovered")) for _ in range(3)]
    what = f"{count:,} keys in {shown(size / MB)} MB are there again"
    took = statistics.median(map(wall, again))
    texts = [f"{shown(took)} s", f"CPU {shown(statistics.median(map(cpu, again)))} s"]
    yield Row(what, "", *reversed(texts), f"{shown(without.wall)} s to count", "< 5 s", took < 5)
    peak = max(side.rss for side in again) / count
    texts = [f"{shown(peak)} B", f"{shown(without.rss / count)} B to count"]
    yield Row(f"{what}: peak memory a key", "", "", *texts)


def written(bench):
    """Bytes of the log a batch, for three numbers of keys touched."""
    count, batches = bench.scaled(1_000_000), 5
    keys = bench.input("million", some_keys, count)
    dir, command = filled(bench, keys, "--virtual-clock", "1000000")
    whole = bench.dir / "checkpoint-whole"
    shutil.rmtree(whole, ignore_errors=True)
    dir.rename(whole)
    each = {}
    for percent in (1, 2, 4):
        shutil.rmtree(dir, ignore_errors=True)
        shutil.copytree(whole, dir)
        before, some = bytes_in(dir, "log-"), count * percent // 100
        part = bench.dir / "some"
        with open(keys, "rb") as lines, open(part, "wb") as out:
            out.writelines(line for line, _ in zip(lines, range(batches * some)))
        clock = ["--virtual-clock", "100000000", "--max-rate", str(some)]
        run([*command, *clock], part, bench.out("written"))
        each[percent] = (bytes_in(dir, "log-") - before) / batches / some
    texts = [" : ".join(f"{each[percent] * percent / each[1]:.2f}" for percent in each), ""]
    texts += [" ".join(f"{size:.1f}" for size in each.values()) + " B a key", ""]
    what = f"{count:,} keys, 1, 2, 4 % touched a batch: bytes of the log a batch"
    is_met = all(abs(size / each[1] - 1) < 0.05 for size in each.values())
    yield Row(what, *texts, "1 : 2 : 4, 5 % off", is_met)


# ---- Windows


def sliding(bench):
    """A window over a million keys that slides every second, 5,000 records a second.

    The clock is a virtual one, paced by --max-rate: an hour passes in as long as its work takes. The
    input's log is left out; a report is of what has changed.
    """
    rate, slides = 5000, 100 if bench.quick else 400
    lengths = (10, 60, 600) if bench.quick else (60, 600, 3600)
    lines = bench.input("stream", stream, (lengths[-1] * 3 // 2 + slides) * rate)
    found = [slid(bench, lines, length, rate, slides) for length in lengths]
    first = found[0]
    for length, (took, held, lies) in zip(lengths, found):
        entries = length * rate
        texts = [f"{took / first[0]:.2f}", f"{shown(1000 * took)} ms CPU"]
        texts += [f"{shown(held / MB)} MB held", f"{shown(lies / MB)} MB, {lies / entries:.0f} B an entry"]
        met = (f"< {SLOWER}", took / first[0] < SLOWER) if length != lengths[0] else ()
        yield Row(f"window of {length} s: a slide with --checkpoint", *texts, *met)


def slid(bench, lines, length, rate, slides):
    """CPU time a slide of a full window, the memory it holds, and its bytes on the disk at most."""
    full = length * 3 // 2
    dir = fresh(bench)
    window = ["--count-by-key", "--window", str(length), "--changed", *EPOCH]
    clock = ["--virtual-clock", "0", "--max-rate", str(rate), "--batches", str(full + slides)]
    # --max-rate makes many small chunks, and by the virtual clock each would be synced in the log.
    command = [bench.weir, "stdin", *window, *clock, "--no-wal", "--checkpoint", str(dir)]
    marks, lies, held = [], 0, 0
    with open(lines, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, env=ENV)
    for _, times in times_of(process.stdout):
        if max(times, default=0) >= full:
            marks.append((max(times), cpu_of(process)))
            lies, held = max(lies, bytes_in(dir)), max(held, held_by(process))
    check(process.wait() == 0, f"{command} failed")
    (first, before), (last, after) = marks[0], marks[-1]
    check(last - first >= slides / 2, f"{command}: {last - first} slides")
    return (after - before) / (last - first), held, lies


def stream(out, count):
    """Keys of a million, as chance has it."""
    seed = 1
    for _ in range(count):
        seed = (seed * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        out.write(b"key%d\n" % ((seed >> 33) % 1_000_000))


# ---- The log of the input


def logged(bench):
    """Rates of `listen` and of the word count, with the log of the input and without."""
    lines = numbers(run(["wc", "-l"], bench.lines, bench.out("wc")).out)[0]
    against = "--checkpoint's rate against none"
    pairs = duel(
        lambda: acknowledged(bench, lines, "--checkpoint", str(fresh(bench))),
        lambda: acknowledged(bench, lines),
        bench.rounds,
    )
    what = f"{bench.lines.stat().st_size / 1e9:.3g} GB through listen, {against}"
    yield compared(f"{what}, wall", pairs, wall)
    yield compared(f"{what}, CPU", pairs, cpu)
    plain = [bench.weir, "stdin", "--split", " ", "--count-by-key", "--threads", "1", *TSV]
    logs = lambda: run([*plain, "--checkpoint", str(fresh(bench))], bench.text, bench.out("logged"))
    pairs = duel(logs, bench.word_count(), bench.rounds)
    check_counts(*(side.out for side in pairs[-1]))
    yield compared(f"word count of a file, {against}, wall", pairs, wall)
    yield compared(f"word count of a file, {against}, CPU", pairs, cpu)


def acknowledged(bench, lines, *flags):
    """Counts the lines that a client sends, until it reads the end of the stream: all is kept."""
    out = bench.out("acknowledged")
    with open(out, "wb") as target:
        weir, port = listening(bench, ["--count", "--skip-empty", *TSV, *flags], target)
    start = time.monotonic()
    send(bench.lines, port)()
    took = time.monotonic() - start
    # With a checkpoint a signal prints no open batch, so that is to end first.
    while sum(numbers(out)) < lines and time.monotonic() - start < took + 10:
        time.sleep(0.05)
    weir.send_signal(signal.SIGINT)
    result = finish(weir, start, out)
    weir.stderr.close()
    check(sum(numbers(out)) == lines, f"{out}: not {lines} lines")
    return Run(took, result.cpu, result.rss, out)


def send(path, port):
    """Sends a file and waits for the orderly end, in a process apart; returns what waits for that."""

    def work():
        with socket.create_connection(("127.0.0.1", port)) as client, open(path, "rb") as file:
            client.sendfile(file)
            client.shutdown(socket.SHUT_WR)
            check(client.recv(1) == b"", "weir has answered")

    return beside(work)


ROWS = (touched, recovery, written, sliding, logged)
