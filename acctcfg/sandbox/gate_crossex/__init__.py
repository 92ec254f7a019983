"""Gate CrossEx and the sub-accounts of Gate v4, read from their documentation alone."""
