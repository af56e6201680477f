"""Who may see what: access by actor and purpose, the access log, the vault of input files and its keys."""
