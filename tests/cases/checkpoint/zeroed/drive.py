import os, shutil, signal
from running import Weir, once

ARGS = ["--count", "--update-state", "--interval", "0.3", "--format", "text", "--checkpoint", "ck"]
weir = Weir(*ARGS, stdin=True)
for count in ("10", "20", "30", "40"):
    weir.say(b"l\n" * 10)
    weir.until(lambda weir: count in weir.out().split())
weir.stop(signal.SIGKILL)
shutil.copytree("ck", "base")


def tried(change):
    """What goes wrong, if something does, when one of the files is changed."""
    for name in sorted(set(os.listdir("base")) - {"lock"}):
        shutil.rmtree("ck")
        shutil.copytree("base", "ck")
        path = os.path.join("ck", name)
        with open(path, "rb") as file:
            whole = file.read()
        with open(path, "wb") as file:
            file.write(change(whole))
        status, out, err = once(*ARGS, data=b"l\n")
        goes_on = status == 0 and out.split()[-1:] == ["41"]
        refused = status == 2 and not out and name in err
        if not goes_on and not refused:
            return f"{name}: status {status}, {out.split()}, {err}"
    return "fine"


for what, change in (
    ("untouched", lambda whole: whole),
    ("zeros", lambda whole: bytes(len(whole))),
    ("empty", lambda whole: b""),
    ("a tail of zeros", lambda whole: whole[:-40] + bytes(40) if len(whole) > 200 else whole),
    ("zeros behind", lambda whole: whole + bytes(4096) if len(whole) > 200 else whole),
):
    print(what + ":", tried(change))
