"""The command line: parse, call ``app``, print."""

import gc

# A command makes many objects that live to its end, and hardly any circle. Looking for circles as
# often as Python does by default takes 20 of the 200 ms of a look (n = 3, interleaved).
gc.set_threshold(100_000, 20, 20)
