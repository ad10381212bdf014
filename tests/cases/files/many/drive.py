import os, subprocess, threading, time

WEIR = os.environ["WEIR"]
FILES = int(os.environ.get("WEIR_FILES", 3000))
# How late a batch may be, in seconds: where somebody has asked for very many, nothing else is going on.
LATE = 0.1 if "WEIR_FILES" in os.environ else 2.0
FLAGS = "--from earliest --interval 0.2 --count --format tsv --epoch --checkpoint ck".split()

os.mkdir("in")
for number in range(FILES):
    with open("in/%06d" % number, "w") as file:
        file.write("line %d\n" % number)

process = subprocess.Popen([WEIR, "files", "in", *FLAGS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
late, counts, said = [], [], []


def take():
    for line in process.stdout:
        batch, count = line.split("\t")
        late.append((time.time() - float(batch), len(late)))
        counts.append(int(count))


def hear():
    said.extend(process.stderr)


threads = [threading.Thread(target=work) for work in (take, hear)]
[thread.start() for thread in threads]


def held():
    """The memory it holds, in bytes."""
    with open("/proc/%d/statm" % process.pid) as statm:
        return int(statm.read().split()[1]) * 4096


def until(total, limit=60):
    end = time.monotonic() + limit
    while sum(counts) < total and time.monotonic() < end:
        time.sleep(0.05)
    return sum(counts)


first = until(FILES)
# Once more is looked at, so that what a scan takes is there.
time.sleep(2.5 + FILES * 0.0002)
before = held()
new = FILES // 20
for number in range(new):
    with open("made", "w") as file:
        file.write("new %d\n" % number)
    os.rename("made", "in/new%06d" % number)
    time.sleep(0.002)
second = until(FILES + new)
time.sleep(2.5 + FILES * 0.0002)
grown = held() - before
process.terminate()
status = process.wait()
[thread.join() for thread in threads]
worst, at = max(late)
print("each file is read once" if (first, second, status) == (FILES, FILES + new, 0) else
      "%d, then %d, status %d: %s" % (first, second, status, said))
print("no batch is late" if worst < LATE else "batch %d of %d is %.0f ms late" % (at, len(late), 1000 * worst))
print("memory stays" if grown < (4 << 20) + 4000 * new else "memory has grown by %d MB" % (grown >> 20))
if "WEIR_FILES" in os.environ:
    print("%d files: worst %.0f ms of %d batches, %d MB held, %d KB more" %
          (FILES, 1000 * worst, len(late), before >> 20, grown >> 10), *said, sep="\n")
