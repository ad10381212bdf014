import os, random, shutil, signal, subprocess, threading, time
from collections import Counter
from running import Weir

random.seed(7)


class Writer(threading.Thread):
    """Writes numbers, and opens its file anew when it is told to."""

    def __init__(self):
        super().__init__()
        self.lock, self.ends, self.count = threading.Lock(), False, 0
        self.reopen()

    def reopen(self):
        self.file = open("app.log", "a")

    def run(self):
        while not self.ends:
            with self.lock:
                self.file.write("".join("%d\n" % number for number in range(self.count, self.count + 100)))
                self.file.flush()
                self.count += 100
            time.sleep(0.01)


def rotate(how):
    with open("conf", "w") as conf:
        conf.write("%s/app.log {\n rotate 50\n missingok\n su root root\n %s\n}\n" % (os.getcwd(), how))
    subprocess.run(["logrotate", "-f", "-s", "state", "conf"], check=True, capture_output=True)


def start():
    return Weir("files", "app.log", "--follow", "--from", "earliest", "--interval", "0.1", "--format", "text",
                "-o", "out", "--checkpoint", "ck")


def lines():
    return open("out").read().count("\n") if os.path.exists("out") else 0


def read(count):
    end = time.monotonic() + 60
    while lines() < count and time.monotonic() < end:
        time.sleep(0.02)


for name, how in (("create", "create"), ("copytruncate", "copytruncate"), ("compress", "create\n compress")):
    writer, weir = Writer(), start()
    writer.start()
    begun = 0
    for turn in range(9):
        # A file that is rotated away before anybody looked at it is not known to weir.
        while writer.count <= begun:
            time.sleep(0.01)
        read(max(writer.count, 1000))
        time.sleep(random.uniform(0, 0.2))
        if turn % 3 == 0:
            weir.process.send_signal(signal.SIGKILL)
            weir.wait()
        if how == "create":
            rotate(how)
            time.sleep(random.uniform(0, 0.2))     # it is told a while later
            with writer.lock:
                writer.reopen()
        else:
            with writer.lock:                      # nobody writes meanwhile
                rotate(how)
                if how != "copytruncate":
                    writer.reopen()
        begun = writer.count
        if turn % 3 == 0:
            weir = start()
        elif turn % 3 == 1:
            time.sleep(random.uniform(0, 0.2))
            weir.process.send_signal(signal.SIGKILL)
            weir.wait()
            weir = start()
    writer.ends = True
    writer.join()
    read(writer.count)
    time.sleep(0.3)
    status = weir.stop()
    came, wanted = Counter(open("out").read().split()), Counter(map(str, range(writer.count)))
    print(name + ":", "each line once" if came == wanted and status == 0 else
          "status %s, missing %s, too many %s: %s" % (status, sorted(wanted - came, key=int)[:5], sorted(came - wanted)[:5], weir.err()))
    shutil.rmtree("ck")
    for file in os.listdir("."):
        if file.startswith(("app.log", "out", "state")):
            os.remove(file)
