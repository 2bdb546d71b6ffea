"""Every call of a session under every fault: the calls, the faults, and the bench that joins them."""
