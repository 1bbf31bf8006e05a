"""The grammar of the Sources API: its errors, its ids and lists, and what its endpoints are made from."""
