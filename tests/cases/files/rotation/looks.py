import os, signal
from running import Weir


def rotate():
    if os.path.exists("new.log.1"):
        os.rename("new.log.1", "new.log.2")
    os.rename("new.log", "new.log.1")


def write(first, last):
    with open("new.log", "a") as log:
        log.writelines("%d\n" % number for number in range(first, last + 1))


write(1, 10)
weir = Weir("files", "new.log", "--follow", "--from", "earliest", "--interval", "0.2", "--format", "text")
weir.until(lambda weir: len(weir.out().split()) >= 10)
# Nobody looks meanwhile.
weir.process.send_signal(signal.SIGSTOP)
rotate()
write(11, 20)
rotate()
write(21, 30)
weir.process.send_signal(signal.SIGCONT)
weir.until(lambda weir: len(weir.out().split()) >= 30, 5)
status = weir.stop()
lines = weir.out().split()
print("%d lines, in order: %s, status %s" % (len(lines), lines == [str(n) for n in range(1, 31)], status))
