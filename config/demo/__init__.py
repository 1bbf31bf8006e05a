"""A sample shop, and an organisation that carries its orders into a warehouse: what `make demo` shows."""
