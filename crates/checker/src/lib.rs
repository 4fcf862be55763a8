//! An independent walk over an upgrade script on a model of the node.
//!
//! A core crate. It uses the types of `relup` and none of its passes, so that a mistake there is not made
//! here as well.
