"""OKX v5 as its documentation describes it: the DMA broker's endpoints and what its sub-accounts' own keys may do."""
