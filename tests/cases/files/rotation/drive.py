import os, time
from running import Weir


def put(file, first, last):
    for number in range(first, last + 1):
        file.write("%d\n" % number)
    file.flush()


def rotate():
    if os.path.exists("app.log.1"):
        os.rename("app.log.1", "app.log.2")
    os.rename("app.log", "app.log.1")


old = open("app.log", "a")
put(old, 1, 60)
weir = Weir("files", "app.log", "--follow", "--from", "earliest", "--interval", "0.2", "--format", "text")


def have(count):
    weir.until(lambda weir: len(weir.out().split()) >= count)


have(60)
put(old, 61, 150)
rotate()                                       # the daemon does not know yet
for number in range(151, 201):
    put(old, number, number)
    time.sleep(0.005)
    if number == 175:
        new = open("app.log", "a")
        put(new, 201, 240)
put(new, 241, 260)
old.close()
have(260)
rotate()
old, new = new, open("app.log", "a")
put(old, 261, 262)                             # the last two lines of the old one come after the new one is there
put(new, 263, 300)
have(300)
new.close()
os.remove("app.log")
time.sleep(0.3)
put(open("app.log", "a"), 301, 310)
have(310)
status = weir.stop()
lines = weir.out().split()
once = sum(lines.count(str(number)) == 1 for number in range(1, 311))
print(f"{len(lines)} lines, {once} once, status {status}")
