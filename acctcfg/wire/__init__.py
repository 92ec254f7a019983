"""HTTP for any venue: one client that signs, paces and times out, and repeats no write on a guess."""
