"""Which articles belong together, and splits and folds that do not tear them apart."""
