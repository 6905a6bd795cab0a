"""The E4 streaming server: `lines` prints and parses it, `client` and `counting` decide, `source` connects."""
