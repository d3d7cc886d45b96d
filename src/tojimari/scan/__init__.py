"""The outside view: which doors answer."""
