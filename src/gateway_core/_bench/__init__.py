"""What `gateway-core bench` and the repository's benchmarks share: streams, contestants, races."""
