"""One run by several processes: its plan in shards, as jobs in the journal's database, for any number of workers."""
