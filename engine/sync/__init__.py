"""The stream: read a page, map, write, checkpoint, tell."""
