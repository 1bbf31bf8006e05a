"""The five grammars: envelope, authentication's shape, paging, limits. No endpoints, no tables."""
