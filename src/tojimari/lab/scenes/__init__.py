"""The scenes of the lab: one file each, with the constant ``SCENE``."""
