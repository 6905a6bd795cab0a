"""The machine's voice: exported RAVE models, and a small one of our own. Needs the extra [rave] (torch on the CPU)."""
