import os, random, signal, time
from running import Weir

KILLS = int(os.environ.get("WEIR_KILLS", 12))
LINES = 20000 * KILLS

with open("big", "w") as big:
    big.writelines("%d\n" % line for line in range(LINES))


def start():
    # Slow enough for all the kills to come before the end.
    flags = "--interval 0.02 --max-rate 100k --format text -o out2 --checkpoint ck2".split()
    return Weir("stdin", *flags, stdin_file="big")


random.seed(2)
kills = 0
while kills < KILLS:
    weir = start()
    time.sleep(random.uniform(0.05, 0.2))
    if weir.process.poll() is not None:
        break
    weir.process.send_signal(signal.SIGKILL)
    weir.wait()
    kills += 1
weir = start()
status = weir.wait(60)
came = open("out2").read().split()
is_right = came == [str(line) for line in range(LINES)]
print("all lines are there once, in order" if (status, is_right) == (0, True) else
      "status %s after %d kills: %d lines of %d\n%s" % (status, kills, len(came), LINES, weir.err()))
