"""Folders of this machine that the operator opened."""

from engine.contract import Field, Spec
from engine.drivers.files import errors, paths
from engine.drivers.files.driver import FilesDriver
from engine.drivers.files.folder_files import FolderFiles
from engine.errors import ConfigError
from engine.toolkit import fields

PATH = Field("path", "Folder", bound=True, help="A folder below the one that the operator opened; empty: all of it.")


class FolderDriver(FilesDriver):
    spec = Spec("folder", "Local folder", "file store", (PATH,))

    def open_filesystem(self) -> FolderFiles:
        """In the first of the operator's folders that has the path. Raises ConfigError `path_not_allowed`,
        `unknown_folder`."""
        text = fields.text(self.settings, PATH)
        if text.startswith("/"):
            raise errors.not_allowed(text)
        parts = paths.folder_parts(text)
        if not self.surroundings.folders:
            raise ConfigError("The operator has not opened any folder.", code="path_not_allowed")
        for folder in self.surroundings.folders:
            files = FolderFiles(folder, parts)
            if files.is_there():
                return files
        raise ConfigError(f"There is no folder {text!r}.", code="unknown_folder")
