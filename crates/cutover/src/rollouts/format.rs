//! How a plan or a rollout is shown.

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// As a diagram that forges and wikis draw.
    Mermaid,
}
