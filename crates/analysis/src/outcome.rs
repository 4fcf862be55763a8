//! What a judge says.

/// What a judge says of a candidate, with Argo Rollouts' words.
///
/// Argo's fifth word, Error, is no outcome here: a source that fails is asked again, and one that keeps
/// failing makes the outcome [`Outcome::Inconclusive`], for nothing was learned of the candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not decided; more is to be seen.
    Running {
        /// How far it is, for people.
        detail: String,
    },
    /// The candidate is good enough.
    Successful {
        /// What was seen, for people.
        detail: String,
    },
    /// The candidate is too bad: the rollout is to be aborted.
    Failed {
        /// What was seen, for people.
        detail: String,
    },
    /// It cannot be told: a person is to decide.
    Inconclusive {
        /// What is missing, for people.
        detail: String,
    },
}

impl Outcome {
    /// Says whether nothing that is seen later needs to be waited for.
    pub fn is_decided(&self) -> bool {
        !matches!(self, Self::Running { .. })
    }

    /// Returns the sentence for people.
    pub fn detail(&self) -> &str {
        match self {
            Self::Running { detail }
            | Self::Successful { detail }
            | Self::Failed { detail }
            | Self::Inconclusive { detail } => detail,
        }
    }
}

/// When a judge is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// More may be seen: what is undecided is [`Outcome::Running`].
    Midway,
    /// Nothing more will be seen: what is undecided is [`Outcome::Inconclusive`].
    Last,
}
