"""The steps between a release and the fleet: the gate, its verdict, the baseline, the rollout."""
