"""The inside view: who holds each port of this machine."""
