"""What do the answers without a model say? While alive, worst rank, win ratio, detection."""
