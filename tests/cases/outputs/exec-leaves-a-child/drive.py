import os, signal, time
from running import Weir, once

begin = time.monotonic()
status, out, err = once("--once", "--count", "--format", "text", "--exec", "cat >> got; sleep 9 > /dev/null 2>&1 &", data=b"a\nb\n")
print("status", status, "got", open("got").read().strip(), "at once" if time.monotonic() - begin < 6 else "late")

ARGS = ["--count", "--update-state", "--interval", "0.3", "--format", "text", "--checkpoint", "ck"]
first = Weir("listen", "0", *ARGS, "--exec", "cat > /dev/null; touch ran; sleep 9 > /dev/null 2>&1 < /dev/null &")
port = first.port()
first.until(lambda weir: os.path.exists("ran"))
first.stop(signal.SIGKILL)
second = Weir("listen", str(port), "--duration", "0.5", *ARGS, "-o", "out")
print("port and lock are free" if second.wait() == 0 else second.err())
