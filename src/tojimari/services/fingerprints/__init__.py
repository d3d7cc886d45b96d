"""A user's own checkout of rapid7/recog on top of the grammars. Never shipped, never needed."""
