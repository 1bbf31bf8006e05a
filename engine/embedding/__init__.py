"""Texts as vectors: texts that mean the same lie near each other."""
