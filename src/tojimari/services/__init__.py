"""What speaks behind a door: short conversations that stop before anybody would log in."""
