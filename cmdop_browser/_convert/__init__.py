"""Arguments to requests and replies to models; nothing here does any I/O."""
