"""Makes functions of NumPy arrays an engine of Voxelmark. The protocol: docs/external-engines.md."""
import json
import os
import sys
import time

import numpy as np

TYPES = {"u8": np.dtype("u1"), "u16": np.dtype("u2"), "u32": np.dtype("u4"), "f32": np.dtype("f4"), "f64": np.dtype("f8")}
CPU = {"name": "CPU", "type": "CPU"}  # "transfers": True where pixels must be moved to the device


class Engine:
    def __init__(self, name, version, devices=(CPU,)):
        self.name, self.version, self.devices = name, version, list(devices)
        self.functions, self.files, self.pixels, self.plans = {}, {}, {}, {}

    def operation(self, *names, differs=None):
        """Registers a function(*images, **parameters) that gives an array of its own; images have the axes (z,) y, x,
        per-axis parameters too. It raises NotImplementedError for what the library lacks. `differs`: in what the
        library's definition is another one, as text or as a function of the same arguments that gives it or None."""
        def add(function):
            self.functions.update({name: (function, differs) for name in names})
            return function
        return add

    # A GPU's engine overrides these.
    def open(self, device):
        """`device`: an index into `devices`."""
    def to_device(self, pixels):
        return pixels
    def to_host(self, pixels):
        return pixels
    def finish(self, result):
        """Part of the timed run: a view is no result yet."""
        if result is None:
            raise TypeError("the function returned None, not an image")
        return np.ascontiguousarray(result)
    def timed(self, work):
        """Seconds from here to the end of all work on the device, and those by the device's clock or None."""
        start = time.perf_counter()
        work()
        return time.perf_counter() - start, None

    def on_hello(self, protocol):
        return {"protocol": 1, "name": self.name, "version": self.version, "devices": self.devices,
                "operations": [*self.functions]}

    def on_open(self, device):
        self.open(device)

    def on_buffer(self, buffer, file, shape, dtype):
        self.files[buffer] = np.asarray(np.memmap(file, TYPES[dtype], "r+", shape=tuple(shape[::-1])))

    def on_upload(self, buffer):
        start = time.perf_counter()
        self.pixels[buffer] = self.to_device(self.files[buffer])
        return {"seconds": time.perf_counter() - start}

    def on_prepare(self, plan, operation, dims, parameters, inputs, output):
        function, differs = self.functions[operation]
        values = {k: tuple(v[:dims][::-1]) if isinstance(v, list) else v for k, v in parameters.items()}
        for i in inputs:
            self.files[i] = self.files[i].reshape(self.files[i].shape[-dims:])
            self.on_upload(i)
        def run():
            self.pixels[output] = self.finish(function(*(self.pixels[i] for i in inputs), **values))
        self.timed(run)
        self.plans[plan] = run
        return {"differs": differs(*(self.pixels[i] for i in inputs), **values) if callable(differs) else differs}

    def on_run(self, plans):
        seconds, device_seconds = self.timed(lambda: [self.plans[plan]() for plan in plans])
        return {"seconds": seconds, "device_seconds": device_seconds}

    def on_download(self, buffer):
        start = time.perf_counter()
        result, file = self.to_host(self.pixels[buffer]), self.files[buffer]
        are_labels = file.dtype == np.uint32 and result.dtype.kind in "iu"
        if result.dtype == bool or (are_labels and result.min() >= 0 and result.max() < 2**32):
            result = result.astype(file.dtype, copy=False)
        shape = [*result.shape[::-1], 1, 1][:3]
        dtype = next((name for name, dtype in TYPES.items() if dtype == result.dtype), str(result.dtype))
        if result.size == file.size and result.dtype == file.dtype:
            np.copyto(file, result.reshape(file.shape))
        return {"seconds": time.perf_counter() - start, "shape": shape, "dtype": dtype}

    def on_free(self, buffers, plans):
        for stored, names in ((self.files, buffers), (self.pixels, buffers), (self.plans, plans)):
            for name in names:
                stored.pop(name, None)

    def serve(self):
        """Answers until bench closes the pipe. What the library prints goes to the error stream."""
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        for line in iter(sys.stdin.readline, ""):
            try:
                message = json.loads(line)
                answer = getattr(self, "on_" + message.pop("do"))(**message) or {}
            except NotImplementedError as error:
                answer = {"skip": str(error)}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), file=answers, flush=True)
