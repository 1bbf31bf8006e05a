"""Database files below the folders that an operator opened."""

from pathlib import Path

from engine.errors import ConfigError


def allowed(text: str, folders: tuple[Path, ...]) -> Path:
    """The file meant, links followed to their end. Raises ConfigError `path_not_allowed` where that is elsewhere."""
    roots = [folder.resolve() for folder in folders]
    try:
        candidates = [path for root in roots if (path := (root / text).resolve()).is_relative_to(root) and path != root]
        found = next((path for path in candidates if path.exists()), None)
    except (OSError, RuntimeError) as error:  # a name that is too long, links that lead in a circle
        raise ConfigError("The file's name cannot be used.", code="path_not_allowed") from error
    if not candidates:
        raise ConfigError("The file is not in a folder that the operator opened.", code="path_not_allowed")
    return found or candidates[0]
