"""The blocks of exports and imports over files: `ftp`, `s3` or `filesystem` says where, `file` of which kind."""

import glob
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from apps.connections.models import Connection
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.celigo import formats
from apps.flows.api.celigo.formats import UnsetPart
from apps.flows.models import Export, Import

LONGEST_PATH = 1_000


def path_field(help_text: str = "") -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=LONGEST_PATH, help_text=help_text
    )


class ReadFolderShape(UnsetPart):
    later = ("backupDirectoryPath",)

    directoryPath = path_field("Below the connection's own folder.")
    fileNameStartsWith = path_field()
    fileNameEndsWith = path_field()


class ReadBucketShape(UnsetPart):
    later = ("backupBucket",)

    bucket = path_field("Must be the connection's.")
    region = path_field("Must be the connection's.")
    keyStartsWith = path_field("Below the connection's own prefix.")
    keyEndsWith = path_field()


class WrittenShape(UnsetPart):
    mode = serializers.ChoiceField(
        Import.Mode.values,
        required=False,
        help_text="Our extension: `replace` (the default) the file of that name, or `append` another file each run.",
    )
    allowEmpty = serializers.BooleanField(required=False, help_text="Our extension: whether an empty file is right.")


class WrittenFolderShape(WrittenShape):
    later = ("inProgressFileName", "backupDirectoryPath")

    directoryPath = path_field("Below the connection's own folder.")
    fileName = path_field("In the place of `file.fileName`.")


class WrittenBucketShape(WrittenShape):
    later = ("backupBucket", "serverSideEncryptionType")

    bucket = path_field("Must be the connection's.")
    region = path_field("Must be the connection's.")
    fileKey = path_field("In the place of `file.fileName`.")


class FolderBlocks:
    """Of connections that lead to a folder; `place` names the block that says which below it."""

    starts, ends, written = "fileNameStartsWith", "fileNameEndsWith", "fileName"

    def __init__(self, place: str) -> None:
        self.place = place

    def name_of(self, field: str) -> str:
        """One of our field names in the words of the blocks."""
        words = {"source": "file.fileName", "target": "file.fileName", "format": "file", "columns": "file.columns"}
        words |= {"mode": f"{self.place}.mode", "allow_empty": f"{self.place}.allowEmpty"}
        option = field.removeprefix("format.")
        return words.get(field, field) if option == field else f"file.{formats.field_of(option)}"

    def source_values(self, data: Values, connection: Connection) -> Values:
        """An export's `source`, `columns` and `key`. Raises Invalid."""
        self.check_place(data[self.place], connection)
        said = self.said(data)
        return {"source": self._source(said), "columns": said["file"].get("columns", []), "key": []}

    def target_values(self, data: Values, connection: Connection) -> Values:
        """An import's `target`, `mode`, `key` and `allow_empty`. Raises Invalid."""
        self.check_place(data[self.place], connection)
        return {**self._target(self.said(data)), "key": []}

    def said(self, data: Values) -> Values:
        """The blocks as the client said them, so that they read back in the same words."""
        return {name: data[name] for name in ("file", self.place)}

    def source_blocks(self, row: Values) -> Values:
        said = self._kept(row)
        if said and self._means(said, row):
            return said
        columns = {"columns": row["columns"]} if row["columns"] else {}
        return self._own_words(row["source"], skipDelete=True, **columns)

    def target_blocks(self, row: Values) -> Values:
        said = self._kept(row)
        stored = {"target": row["target"], "mode": row["mode"], "allow_empty": row["allowEmpty"]}
        if said and self._target(said) == stored:
            return said
        blocks = self._own_words(row["target"])
        blocks[self.place] |= {"mode": row["mode"]} | ({"allowEmpty": True} if row["allowEmpty"] else {})
        return blocks

    def check_place(self, block: Values, connection: Connection) -> None:
        """Raises Invalid for a place that the connection does not lead to."""

    def _kept(self, row: Values) -> Values:
        """The blocks as they were said, {} if they were not."""
        kept = row["document"]
        return self.said(kept) if "file" in kept and self.place in kept else {}

    def path_read(self, block: Values, file: Values) -> str:
        """The pattern of the files that are meant, below the connection's own folder."""
        name = file.get("fileName") or _pattern(block.get(self.starts, ""), block.get(self.ends, ""))
        return f"{block.get('directoryPath', '')}/{name}"

    def path_written(self, block: Values, file: Values) -> str:
        return f"{block.get('directoryPath', '')}/{block.get(self.written) or file.get('fileName', '')}"

    def _means(self, said: Values, row: Values) -> bool:
        """Whether the blocks still say what is stored of an export, to which a delta adds when files were written."""
        source, columns = self._source(said), said["file"].get("columns", [])
        if row["type"] == Export.Type.DELTA:
            source["format"] = {**source.get("format", {}), "provenance": True}
            columns = [*columns, *({row["cursor"].get("column")} - {*columns} if columns else ())]
        return bool(source == row["source"] and columns == row["columns"])

    def _source(self, said: Values) -> Values:
        return _stored(self.path_read(said[self.place], said["file"]), formats.format_of(said["file"]))

    def _target(self, said: Values) -> Values:
        block = said[self.place]
        path = self.path_written(block, said["file"])
        if "{{" in path:
            text = "Templates in names are not supported yet, but for {date}, {time} and {job}."
            raise Invalid(text, field=f"{self.place}.{self.written}" if block.get(self.written) else "file.fileName")
        return {
            "target": _stored(path, formats.format_of(said["file"])),
            "mode": block.get("mode", Import.Mode.REPLACE),
            "allow_empty": block.get("allowEmpty", False),
        }

    def _own_words(self, stored: Mapping[str, Any], **more: Any) -> Values:
        folder = {"directoryPath": stored["schema"]} if stored.get("schema") else {}
        file = {"fileName": stored.get("table", ""), **more, **formats.block_of(stored.get("format", {}))}
        return {self.place: folder, "file": file}


class BucketBlocks(FolderBlocks):
    """Of connections that lead to a bucket, in which a key is a path."""

    starts, ends, written = "keyStartsWith", "keyEndsWith", "fileKey"
    settings: ClassVar = ("bucket", "region")

    def check_place(self, block: Values, connection: Connection) -> None:
        for name in self.settings:
            if block.get(name) and block[name] != connection.settings.get(name):
                text = f"The {name} is the connection's to say: use a connection to this one."
                raise Invalid(text, field=f"{self.place}.{name}")

    def path_read(self, block: Values, file: Values) -> str:
        """What begins with a whole folder is meant at any depth, as keys know no folders."""
        start, end = block.get(self.starts, ""), block.get(self.ends, "")
        folders = "**/" if start.endswith("/") or not start else ""
        return str(file.get("fileName") or _pattern(start, end, folders))

    def path_written(self, block: Values, file: Values) -> str:
        return str(block.get(self.written) or file.get("fileName", ""))

    def _own_words(self, stored: Mapping[str, Any], **more: Any) -> Values:
        path = "/".join(part for part in (stored.get("schema"), stored.get("table")) if part)
        return super()._own_words({"table": path, "format": stored.get("format", {})}, **more)


def _pattern(start: str, end: str, folders: str = "") -> str:
    return f"{glob.escape(start)}{folders}*{glob.escape(end)}"


def _stored(path: str, format_: Values) -> Values:
    """A path as an export or an import keeps it: a folder, the name in it, and what the file is."""
    folder, _, name = path.strip("/").rpartition("/")
    parts = {"schema": folder.strip("/"), "table": name, "format": format_}
    return {key: value for key, value in parts.items() if value}
