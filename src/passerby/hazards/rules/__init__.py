"""The kinds of rules, one a module: what each reads off a place in a second. None reads a clock, none knows of anybody."""
