"""What `npm run` is to node: starts a child that inherits no descriptor, and only waits for it.

With the word ``setsid`` the child leaves the process group, and the wrapper goes on when the child ends.
"""

import os
import signal
import subprocess
import sys

apart, command = sys.argv[1] == "setsid", sys.argv[2:]
child = subprocess.Popen(command, start_new_session=apart)
print(f"wrapper {os.getpid()} started {child.pid}", flush=True)
if apart:
    while True:
        signal.pause()
sys.exit(child.wait())
