"""How data moves: drivers, lanes, mapping, checkpoints. No Django, no queue, none of our tables."""
