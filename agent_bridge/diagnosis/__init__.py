"""From a failure to its cause and tips. Plain code: facts in, verdict out, no browser."""
