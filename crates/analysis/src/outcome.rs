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

    /// Makes one outcome of several judges': failed where one failed, else inconclusive where one is, else
    /// running where one is. So Argo has it: what is settled badly is not waited out. The sentences are
    /// those of the judges that made it so.
    pub fn of_all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        let (mut worst, mut details) = (0, Vec::<String>::new());
        for outcome in outcomes {
            let badness = outcome.badness();
            if badness > worst {
                worst = badness;
                details.clear();
            }
            if badness == worst {
                details.push(outcome.detail().to_owned());
            }
        }
        let detail = details.join("; ");
        match worst {
            3 => Self::Failed { detail },
            2 => Self::Inconclusive { detail },
            1 => Self::Running { detail },
            _ => Self::Successful { detail },
        }
    }

    fn badness(&self) -> u8 {
        match self {
            Self::Successful { .. } => 0,
            Self::Running { .. } => 1,
            Self::Inconclusive { .. } => 2,
            Self::Failed { .. } => 3,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_outcomes_counts_with_its_own_words() {
        let good = || Outcome::Successful {
            detail: "good".to_owned(),
        };
        let running = || Outcome::Running {
            detail: "running".to_owned(),
        };
        let unknown = |detail: &str| Outcome::Inconclusive {
            detail: detail.to_owned(),
        };
        let failed = || Outcome::Failed {
            detail: "failed".to_owned(),
        };
        assert_eq!(Outcome::of_all([good(), running(), good()]), running());
        assert_eq!(
            Outcome::of_all([unknown("a"), running(), unknown("b"), good()]),
            unknown("a; b")
        );
        assert_eq!(
            Outcome::of_all([running(), failed(), unknown("a")]),
            failed()
        );
        assert_eq!(Outcome::of_all([good()]), good());
    }
}
