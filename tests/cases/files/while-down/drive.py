import gzip, os, shutil
from collections import Counter
from running import Weir


def run(count):
    weir = Weir("files", "app.log", "--follow", "--from", "earliest", "--interval", "0.2", "--format", "text",
                "-o", "out", "--checkpoint", "ck")
    weir.until(lambda weir: os.path.exists("out") and len(open("out").read().split()) >= count)
    status = weir.stop()
    return weir.err() if status == 0 else "status %s: %s" % (status, weir.err())


def put(name, lines, mode="a"):
    with open(name, mode) as file:
        file.writelines(line + "\n" for line in lines)
    return lines


def named(name, count):
    return ["%s-%03d" % (name, number) for number in range(count)]


def copied():
    shutil.copy("app.log", "app.log.1")
    put("app.log", [], "w")


def packed():
    with gzip.open("app.log.1.gz", "wb") as file:
        file.write(open("app.log", "rb").read())
    os.remove("app.log")


for what, unread, act, new, says in (
        ("appended", named("more", 20), lambda: None, [], False),
        ("renamed", named("more", 20), lambda: os.rename("app.log", "app.log.1"), named("new", 9), False),
        ("copied and cut", named("more", 20), copied, named("new", 9), False),
        ("packed", named("more", 20), packed, named("new", 9), False),
        ("overwritten, and longer", [], lambda: put("app.log", [], "w"), named("new", 80), True),
        ("overwritten, and as long", [], lambda: put("app.log", [], "w"), named("two", 50), True),
        ("gone", [], lambda: os.remove("app.log"), named("new", 9), True)):
    wanted = put("app.log", named("old", 50))
    run(50)
    wanted = wanted + put("app.log", unread)
    act()
    wanted = wanted + put("app.log", new)
    said = run(len(wanted))
    came = Counter(open("out").read().split())
    is_right = came == Counter(wanted)
    is_said = "app.log was made anew; the old one was read up to byte 400" in said
    print(what + ":", ("ok" if is_right else "%s, not %s" % (came - Counter(wanted), Counter(wanted) - came))
          + ("; said" if is_said else "" if not says else "; not said: " + said))
    shutil.rmtree("ck")
    for name in ("out", "app.log", "app.log.1", "app.log.1.gz"):
        if os.path.exists(name):
            os.remove(name)
