"""What people and programs are shown: a Plan, an Outcome or AccountViews in, text out, and nothing else."""
