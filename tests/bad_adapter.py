"""An adapter that misbehaves in the way that its argument names; "good" is right, and "none" of the ways is."""

import os
import signal
import subprocess
import sys
import time

from voxelmark_adapter import Engine

WAY = sys.argv[1]

if WAY == "missing-package":
    import voxelmark_no_such_package
if WAY == "silent":
    sys.exit(3)
if WAY == "mute":
    time.sleep(1000)
if WAY == "words":
    print("Hello, this is my engine!", flush=True)

pipe = os.dup(1)  # serve() guards standard output: here the protocol's own pipe is written to


def say(text):
    os.write(pipe, text.encode())


class Bad(Engine):
    def on_hello(self, protocol):
        hello = super().on_hello(protocol)
        changed = {"wrong-protocol": {"protocol": 2}, "no-device": {"devices": []}, "wrong-name": {"name": "../x"},
                   "built-in-name": {"name": "tbb"}, "typo": {"operations": ["GausianBlur2D"]}, "twins": {"devices": 2 * [{"name": "My GPU", "type": "GPU", "transfers": True}]}, "wrong-type": {"devices": [{"name": "x", "type": "TPU"}]},
                   "no-operations": {"operations": None}, "declines": {"skip": "needs a licence"}}
        return hello | changed.get(WAY, {})

    def on_run(self, plans):
        answer = super().on_run(plans)
        if WAY == "no-seconds":
            del answer["seconds"]
        return answer | {"not-a-number": {"seconds": float("nan")}, "negative": {"seconds": -1},
                         "text": {"seconds": "fast"}}.get(WAY, {})

    def on_download(self, buffer):
        answer = super().on_download(buffer)
        return answer | {"lying-shape": {"shape": [4, 4, 1]}, "lying-type": {"dtype": "f64"}, "no-shape": {"shape": None}}.get(WAY, {})


engine = Bad("bad", "1.0")


@engine.operation("AddScalar2D", differs="adds twice as much" if WAY == "wrong" else None)
def add_scalar(image, scalar):
    if WAY == "crash":
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if WAY == "exit":
        os._exit(7)
    if WAY == "hang":
        time.sleep(1000)
    if WAY == "children":
        child = subprocess.Popen(["sleep", "1000"])
        open("child.pid", "w").write(str(child.pid))
    if WAY == "stdout":
        print("a library's progress")
        os.system("echo and a child's")
    if WAY == "wrong-stream":
        say("50 %\n")
    if WAY == "two-lines":
        say('{"seconds": 0}\n{"seconds": 0}\n')
    if WAY == "endless-line":
        say("x" * (1 << 22))
    if WAY == "chatty":
        for _ in range(200):
            print("much to say " * 10000, file=sys.stderr)
    if WAY == "raises":
        raise ValueError("no such\nkernel")
    if WAY == "skips":
        raise NotImplementedError("no images of this size")
    if WAY == "out-of-memory":
        raise MemoryError("cannot have 9 TB")
    result = image + image.dtype.type(2 * scalar if WAY == "wrong" else scalar)
    return {"other-shape": result[:, 1:], "other-type": result.astype("f8")}.get(WAY, result)


@engine.operation("MultiplyScalar2D")
def multiply_scalar(image, scalar):
    return image * image.dtype.type(scalar)


engine.serve()
