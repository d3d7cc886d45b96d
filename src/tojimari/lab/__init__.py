"""A practice network of real Debian hosts in namespaces of its own: for learners and tests."""
