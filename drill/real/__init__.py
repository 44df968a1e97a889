"""Real processes on real servers, killed with SIGKILL while money or a push is in flight."""
