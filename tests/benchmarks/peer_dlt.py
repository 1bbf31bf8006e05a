"""What dlt does in peers.py, by the Python of its own environment."""

import os

import dlt
from dlt.sources.sql_database import sql_table

part = sql_table(credentials=os.environ["SOURCE_URL"], table="part", backend="connectorx")
destination = dlt.destinations.postgres(os.environ["TARGET_URL"])
pipeline = dlt.pipeline("bench", destination=destination, dataset_name="dlt")
pipeline.run(part, write_disposition="replace", loader_file_format="csv")
