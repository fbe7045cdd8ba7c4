"""A stand-in for somebody else's program: enlarges PNG frames by repeating pixels, or misbehaves in the way that it is told.

    python fake_program.py HOW LR OUT

It stands outside of the package and knows nothing of it, as such a program does.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

how, given, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
out.mkdir(parents=True, exist_ok=True)


def wait_for_ever(note: str) -> None:
    """Note the process in the file that the test names, and never end; "forked" not even when asked to."""
    if note == "forked":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with Path(os.environ["PIDS"]).open("a") as pids:
        pids.write(f"{os.getpid()} {note}\n")
    while True:
        time.sleep(0.05)


if how == "crash":
    print("loading the weights")
    sys.exit("CUDA error: an illegal memory access")
if how == "silent":
    sys.exit(0)
if how == "slow":
    wait_for_ever("slow")
if how == "greedy":
    hoard = np.ones(400_000_000, np.uint8)
    time.sleep(60)
if how == "forking":
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            wait_for_ever("forked")
        os._exit(0)
    while not Path(os.environ["PIDS"]).exists():
        time.sleep(0.01)
if how == "parent":
    subprocess.Popen([sys.executable, __file__, "slow", str(given), str(out)])
    wait_for_ever("parent")
if how == "noisy":
    for _ in range(300):
        sys.stdout.write("x" * 99_999 + "\n")

frames = sorted(given.iterdir())
if how == "short":
    frames = frames[:-1]
for path in frames:
    frame = np.asarray(cv2.imread(str(path)))
    if how == "small":
        frame = frame[1:]
    if how == "shifted":
        # Two LR pixels too low, and the first two rows of blocks cut off.
        frame = np.roll(frame, 2, axis=0)[2:]
    cv2.imwrite(str(out / path.name), frame.repeat(4, 0).repeat(4, 1))
