import os, random, signal, threading, time
from collections import Counter
from running import Weir

KILLS = int(os.environ.get("WEIR_KILLS", 12))
FILES, LINES = 25 * KILLS, 50
os.mkdir("in")
done = threading.Event()


def feed():
    for number in range(FILES):
        with open("made", "w") as file:
            file.writelines("%d-%d\n" % (number, line) for line in range(LINES))
        os.rename("made", "in/%05d" % number)
        time.sleep(0.005)
    done.set()


def start():
    return Weir("files", "in", "--from", "earliest", "--interval", "0.1", "--format", "text", "-o", "out", "--checkpoint", "ck")


def count():
    return open("out").read().count("\n") if os.path.exists("out") else 0


random.seed(1)
thread = threading.Thread(target=feed)
thread.start()
kills = 0
while kills < KILLS or not done.is_set():
    weir = start()
    time.sleep(random.uniform(0.02, 0.3))
    weir.process.send_signal(signal.SIGKILL)
    weir.wait()
    kills += 1
weir = start()
weir.until(lambda weir: count() >= FILES * LINES, 30)
time.sleep(0.3)
weir.stop()
came = Counter(open("out").read().split())
wanted = Counter("%d-%d" % (number, line) for number in range(FILES) for line in range(LINES))
print("all lines are there once" if came == wanted else "%d lines: %s too many, %s missing" %
      (sum(came.values()), list((came - wanted).items())[:5], list((wanted - came).items())[:5]))
