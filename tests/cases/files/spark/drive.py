import gzip, os, time
from running import Weir

os.mkdir("in")
open("in/before", "w").write("before\n")
weir = Weir("files", "in", "--format", "text", "--interval", "0.2", "--quiet-after", "0.3")
weir.until(lambda weir: "what is in it is not read" in weir.err())
wanted = []


def got():
    return weir.out().splitlines()


def has(*lines):
    return weir.until(lambda weir: all(line in got() for line in lines), 10)


def tell(what, how, *lines):
    wanted.extend(lines)
    print(what + ":", how if has(*lines) and all(got().count(line) == 1 for line in lines) else got())


def put(name, data, mode="wb"):
    with open(name, mode) as file:
        file.write(data)


def move(name, data, age=0):
    put("made", data)
    now = time.time()
    os.utime("made", (now - age, now - age))
    os.rename("made", name)


print("there before:", "not read, and said")
move("in/fresh", b"fresh 1\nfresh 2")
tell("moved there, last line without a newline", "once", "fresh 1", "fresh 2")
move("in/old", b"old\n", 1000000)
tell("moved there, and old", "once", "old")
move("in/future", b"future\n", -1000000)
tell("moved there, and from the future", "once", "future")
put("in/grows", b"grows 1\n")
has("grows 1")
put("in/grows", b"grows 2\n", "ab")
tell("written in place, and later again", "once", "grows 1", "grows 2")
move("in/name", b"first\n")
has("first")
move("in/name", b"second\n")
tell("replaced by another one", "both", "first", "second")
os.rename("in/name", "in/other")
move("in/marker", b"marker\n")
tell("renamed", "not again", "marker", "second")
put("in/.hidden", b"hidden\n")
time.sleep(0.7)
os.rename("in/.hidden", "in/shown")
tell("hidden, then not", "once", "hidden")
move("in/x.gz", gzip.compress(b"packed 1\npacked 2\n"))
tell(".gz", "once", "packed 1", "packed 2")
move("in/empty", b"")
move("in/bytes", b"one\r\n\xef\xbb\xbftwo\xff\n")
tell("empty", "nothing")
tell("line ends, bytes", "as they are", "one", "\ufefftwo\ufffd")
os.mkdir("in/below")
put("in/below/file", b"below\n")
for name in ("_name", "x.tmp", "x._COPYING_"):
    put("in/" + name, b"not complete\n")
time.sleep(1.5)
tell("in a directory below", "not read")
tell("_name, .tmp, ._COPYING_", "not read")
move("in/a,b.txt", b"comma\n")
tell("a,b.txt", "once", "comma")
move("in/a[1].txt", b"bracket\n")
tell("a[1].txt", "once", "bracket")
move("in/a\nb", b"newline\n")
move(b"in/\xff", b"bad name\n")
tell("a name with a newline, and one that is not UTF-8", "once", "newline", "bad name")
for name in ("z1", "z0", "z2"):
    move("in/" + name, name.encode() + b"\n")
tell("several", "in their order", "z1", "z0", "z2")
order = [line for line in got() if line in ("z0", "z1", "z2")]
if order != ["z1", "z0", "z2"]:
    print(order)
print("status", weir.stop())
print("nothing else" if sorted(got()) == sorted(set(wanted)) else sorted(set(got()) - set(wanted)))
