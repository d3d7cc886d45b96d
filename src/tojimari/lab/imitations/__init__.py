"""What Debian does not package, imitated: only the public answers that its documentation states.

Each is a program for the Python of a house, standard library only: ``python3 -m
tojimari.lab.imitations.NAME``. A scene says of each that it is an imitation.
"""
