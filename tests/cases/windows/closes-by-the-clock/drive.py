import time
from running import Weir

weir = Weir("--count-by-key", "--window", "1.5", "--slide", "0.5", "--interval", "0.5", "--format", "tsv", "--epoch", stdin=True)
weir.say(b"old\nold\n")
print("reported while the input is silent" if weir.until(lambda weir: "old" in weir.out()) else "not reported")
time.sleep(3)
weir.say(b"new\n")
weir.until(lambda weir: "new" in weir.out())
for end, start, key, count in (row.split("\t") for row in weir.out().splitlines()):
    print("%.1f" % (float(end) - float(start)), key, count)
print("status", weir.end_of_input())
