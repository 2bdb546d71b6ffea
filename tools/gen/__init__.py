"""Code generation: the stubs from the protos, the sync client from the async one."""
