"""Sessions in other people's formats: E4 archive, table (CSV, Parquet), our own recording."""
