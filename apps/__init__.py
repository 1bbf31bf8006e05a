"""What the system knows: one Django app per resource; each may look down the list of architecture, never up."""
