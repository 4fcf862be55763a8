//! A real browser for the tests: what we serve and draw is looked at in Chromium.
//!
//! ```text
//! test ──▶ Browser ──WebDriver──▶ chromedriver ──▶ Chromium (headless, nothing but loopback and files)
//! ```
//!
//! Nothing here is part of what users get.
#![warn(missing_docs)]

mod driver;
pub mod mermaid;

pub use driver::{Browser, Error};
