"""What `somatone tune` needs to know of a rule: its names, its thresholds as they move, reference detectors, scores."""
