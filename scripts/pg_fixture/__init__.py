"""What scripts/pg_cluster is made of. Standard library only."""
