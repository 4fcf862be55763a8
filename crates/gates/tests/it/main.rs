//! Gates against what they really ask.
