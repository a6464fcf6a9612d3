"""The site's configuration: what `site.toml` says, checked without opening anything, and the orders that follow from it."""
