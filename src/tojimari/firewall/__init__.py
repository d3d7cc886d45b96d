"""Who can reach it: the firewall, read and reasoned over."""
