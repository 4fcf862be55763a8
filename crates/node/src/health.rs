//! From looks at a node to a judgement of its health. Pure: looks and times go in, words come out.
//!
//! ```text
//! Probe ───▶┐
//! no answer ▶ Judge ──▶ Verdict { healthy, reasons }
//! log text ─▶ CrashReports ─ total ─▶┘
//! ```
//!
//! A judge follows one run of one node. Its first look is the baseline that growth and restarts are
//! counted from.

pub mod crash_reports;
mod judge;
mod limits;
mod mailboxes;
mod restarts;
mod verdict;
mod words;

pub use crash_reports::CrashReports;
pub use judge::Judge;
pub use limits::BeamLimits;
pub use verdict::Verdict;
