"""Who may ask for what: one operator password, API tokens, sessions, rights by path."""
