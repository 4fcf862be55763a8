//! Which release is to be built.

use crate::inspect::Project;

/// A release of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One that `mix.exs` defines.
    Defined(String),
    /// The one that Mix makes of the application where none is defined; Mix wants no name then.
    Implicit(String),
}

impl Which {
    /// The release's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Defined(name) | Self::Implicit(name) => name,
        }
    }
}

/// Why no release can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// There are several, and none is the default.
    #[error("mix.exs defines several releases and no default_release: {}", .0.join(", "))]
    Several(Vec<String>),
    /// There is none of that name.
    #[error("mix.exs defines no release {wanted:?}; there is {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// An umbrella without releases.
    #[error("mix.exs of this umbrella defines no release")]
    None,
}

impl Project {
    /// Chooses the release to build: the wanted one, else the one that Mix would take.
    ///
    /// # Errors
    /// Where there is none of that name, or nothing says which one of several.
    pub fn choose(&self, wanted: Option<&str>) -> Result<Which, ChoiceError> {
        let defined = |name: &str| Which::Defined(name.to_owned());
        let known: Vec<String> = self.releases.iter().map(|r| r.name.clone()).collect();
        match (wanted, known.as_slice(), &self.app) {
            (None, [], Some(app)) => Ok(Which::Implicit(app.clone())),
            (Some(wanted), [], Some(app)) if wanted == app => Ok(Which::Implicit(app.clone())),
            (Some(wanted), [], Some(app)) => Err(ChoiceError::Unknown {
                wanted: wanted.to_owned(),
                known: vec![app.clone()],
            }),
            (_, [], None) => Err(ChoiceError::None),
            (Some(wanted), _, _) if known.iter().any(|name| name == wanted) => Ok(defined(wanted)),
            (Some(wanted), _, _) => Err(ChoiceError::Unknown {
                wanted: wanted.to_owned(),
                known,
            }),
            (None, [only], _) => Ok(defined(only)),
            (None, _, _) => match &self.default_release {
                Some(name) => Ok(defined(name)),
                None => Err(ChoiceError::Several(known)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Release;

    fn choose(releases: &[&str], default: Option<&str>, wanted: Option<&str>) -> String {
        let release = |name: &&str| Release {
            name: (*name).to_owned(),
            version: None,
            steps: vec![],
            include_executables_for: vec![],
            include_erts: true,
            strip_beams: true,
        };
        let project = Project {
            app: Some("shop".into()),
            releases: releases.iter().map(release).collect(),
            default_release: default.map(str::to_owned),
            ..Project::default()
        };
        match project.choose(wanted) {
            Ok(which) => format!("{which:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_release_is_chosen_as_mix_would() {
        for (releases, default, wanted, expected) in [
            (&[][..], None, None, "Implicit(\"shop\")"),
            (&[], None, Some("shop"), "Implicit(\"shop\")"),
            (
                &[],
                None,
                Some("web"),
                "mix.exs defines no release \"web\"; there is shop",
            ),
            (&["web"], None, None, "Defined(\"web\")"),
            (&["web", "job"], Some("job"), None, "Defined(\"job\")"),
            (&["web", "job"], None, Some("job"), "Defined(\"job\")"),
            (
                &["web", "job"],
                None,
                None,
                "mix.exs defines several releases and no default_release: web, job",
            ),
            (
                &["web", "job"],
                None,
                Some("x"),
                "mix.exs defines no release \"x\"; there is web, job",
            ),
        ] {
            assert_eq!(choose(releases, default, wanted), expected);
        }
    }
}
