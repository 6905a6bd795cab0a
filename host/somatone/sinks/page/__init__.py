"""The page sink: what the stage on the wall, and later the attendant's page, are fed with."""
