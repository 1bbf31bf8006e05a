"""The grammar of Databasin: its errors, its limits, and what its endpoints are made from."""
