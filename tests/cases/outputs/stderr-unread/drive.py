import os, re, subprocess
from running import WEIR, client

reader, writer = os.pipe()
weir = subprocess.Popen([WEIR, "listen", "0", "--count", "--interval", "0.5", "--format", "text", "-v", "--duration", "5"],
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer)
os.close(writer)
port = int(re.search(rb":(\d+),", os.read(reader, 500)).group(1))
for _ in range(2000):  # With -v each is named: more than a pipe holds.
    client(port, b"x\n")
try:
    out, _ = weir.communicate(timeout=30)
    print("status", weir.returncode, "records", sum(map(int, out.split())))
except subprocess.TimeoutExpired:
    weir.kill()
    print("stands still")
