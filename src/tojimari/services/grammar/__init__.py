"""What a greeting says of the product behind it, by the grammar of each protocol."""
