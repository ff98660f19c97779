//! Checks of what a Sovereign is made of: module, charts, tree, version lock. Tests only.
