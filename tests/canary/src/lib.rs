//! Nothing: this package is its tests, built apart from all others, for their engine can be broken.
