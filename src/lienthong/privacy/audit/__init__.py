"""The audit log's parts: tree, leaves, checkpoints, proofs, and the verifier that needs no data (decision 018)."""
