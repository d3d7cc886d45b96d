"""The stages chained. The public Python API."""
