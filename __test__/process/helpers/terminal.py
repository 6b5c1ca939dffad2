"""Runs a program with some of its streams on a pseudo terminal: `terminal.py 012 PROGRAM ARGUMENT...`. See cli.mts.

What the program prints on the terminal is copied to standard output, what is given on standard input is typed there.
Ends with the program's exit code.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios

streams, program = sys.argv[1], sys.argv[2:]
master, terminal = os.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
given = {name: terminal for number, name in enumerate(("stdin", "stdout", "stderr")) if str(number) in streams}
child = subprocess.Popen(program, start_new_session=True, **given)
os.close(terminal)

watched = [master, 0] if "0" in streams else [master]
while True:
    ready, _, _ = select.select(watched, [], [])
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed:
            os.write(master, typed)
        else:
            watched.remove(0)
    if master in ready:
        try:
            printed = os.read(master, 65536)
        except OSError:  # Linux says so when the program has closed its end.
            break
        if not printed:
            break
        while printed:
            printed = printed[os.write(1, printed) :]

code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
