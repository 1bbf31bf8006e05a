class EmbeddedError(Exception):
    """The embedded servers cannot run here; the text says why and what to do."""
