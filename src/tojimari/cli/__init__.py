"""The command line: parse, call ``app``, print."""

import atexit
import gc
import os

# A command makes many objects that live to its end, and hardly any circle. Looking for circles as
# often as Python does by default takes 20 of the 200 ms of a look (n = 3, interleaved).
gc.set_threshold(100_000, 20, 20)
# Nor is there anything to find at the end, when Python looks for them several times.
atexit.register(gc.freeze)

# numpy would start a thread for each processor, for algebra that is never asked for: 30 ms, and as
# long again they spin beside whoever sends. It looks when it is first imported, wherever that is.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
