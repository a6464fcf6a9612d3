"""`passerby init`: finds cameras, tries each of them, and writes a site.toml that says why what stands there."""
