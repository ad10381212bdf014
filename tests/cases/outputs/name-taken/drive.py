import os, time
from running import Weir, just_after

ARGS = ["--interval", "4", "--format", "text", "--output-dir", "dir"]
just_after(4, 0.1)
first = Weir(*ARGS, stdin=True)
first.say(b"one\n")
time.sleep(0.6)
print("first", first.stop(), len(os.listdir("dir")), "file")

second = Weir(*ARGS, stdin=True)
lines = ["two-%d" % i for i in range(20)]
for line in lines:
    second.say(b"%s\n" % line.encode())
    time.sleep(0.25)
print("second", second.end_of_input())
there = " ".join(open("dir/" + name).read() for name in os.listdir("dir")).split()
print([line for line in ["one", *lines] if there.count(line) != 1], "are not there, or twice")
