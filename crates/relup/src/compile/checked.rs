//! A release that can be upgraded, by the conditions of `systools_make`.

use std::collections::HashMap;

use beam::rel::StartType;

use super::start_order::start_order;
use crate::{Application, Release};

/// A release found sound, with what the passes look up in it.
pub(super) struct Checked<'a> {
    pub(super) release: &'a Release,
    /// Its applications in the order of their start.
    pub(super) started: Vec<&'a Application>,
    by_name: HashMap<&'a str, &'a Application>,
    /// Which application's `.app` file names a module.
    by_module: HashMap<&'a str, &'a Application>,
}

/// Why a release can neither be upgraded nor upgraded to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// An application is not there without which nothing can be upgraded.
    #[error("it lacks the application {application}; without it a release cannot be upgraded")]
    Lacks {
        /// The application.
        application: &'static str,
    },
    /// `kernel` or `stdlib` is not started for good.
    #[error("{application} is {start}, and must be permanent")]
    StartType {
        /// The application.
        application: &'static str,
        /// How it is started.
        start: &'static str,
    },
    /// `sasl` is older than 2.2, and restarts of the node were performed in another order then.
    #[error("its sasl is {vsn}; only releases since OTP R15 (sasl 2.2) can be upgraded")]
    OldSasl {
        /// The version of sasl.
        vsn: String,
    },
    /// One application is there twice.
    #[error("it has the application {application} twice: {first} and {second}")]
    DuplicateApplication {
        /// The application.
        application: String,
        /// The version of the one.
        first: String,
        /// The version of the other.
        second: String,
    },
    /// An application needs or includes one that is not there.
    #[error("{application} needs the application {needed}, which the release lacks")]
    Undefined {
        /// The application.
        application: String,
        /// The one that it needs.
        needed: String,
    },
    /// Two `.app` files, or one twice, name the same.
    #[error("{first} and {second} both have the {what} {name}")]
    Duplicate {
        /// What they name: a module, a registered name, an included application.
        what: &'static str,
        /// The name.
        name: String,
        /// The one application.
        first: String,
        /// The other.
        second: String,
    },
    /// Applications need or include each other in a way that leaves no order to start them.
    #[error(
        "the applications {} cannot be ordered: they need or include each other in a circle, or one both needs and includes another", .0.join(", ")
    )]
    Unordered(Vec<String>),
}

impl<'a> Checked<'a> {
    pub(super) fn new(release: &'a Release) -> Result<Self, ReleaseError> {
        let by_name = by_name(release)?;
        for application in ["kernel", "stdlib"] {
            let found = by_name.get(application);
            let start = found.ok_or(ReleaseError::Lacks { application })?.start;
            if start != StartType::Permanent {
                let start = start.as_atom();
                return Err(ReleaseError::StartType { application, start });
            }
        }
        let sasl = by_name.get("sasl");
        let vsn = &sasl.ok_or(ReleaseError::Lacks {
            application: "sasl",
        })?;
        if before_r15(&vsn.vsn) {
            let vsn = vsn.vsn.clone();
            return Err(ReleaseError::OldSasl { vsn });
        }
        needs_are_there(release, &by_name)?;
        unique(release, "registered name", |a| &a.resource.registered)?;
        unique(release, "included application", |a| {
            &a.resource.included_applications
        })?;
        let by_module = unique(release, "module", |a| &a.resource.modules)?;
        let started = start_order(&release.applications)
            .map_err(|names| ReleaseError::Unordered(names.into_iter().collect()))?;
        Ok(Self {
            release,
            started,
            by_name,
            by_module,
        })
    }

    pub(super) fn application(&self, name: &str) -> Option<&'a Application> {
        self.by_name.get(name).copied()
    }

    pub(super) fn application_of(&self, module: &str) -> Option<&'a Application> {
        self.by_module.get(module).copied()
    }
}

fn by_name(release: &Release) -> Result<HashMap<&str, &Application>, ReleaseError> {
    let mut by_name = HashMap::new();
    for application in &release.applications {
        if let Some(first) = by_name.insert(application.name.as_str(), application) {
            return Err(ReleaseError::DuplicateApplication {
                application: application.name.clone(),
                first: first.vsn.clone(),
                second: application.vsn.clone(),
            });
        }
    }
    Ok(by_name)
}

fn needs_are_there(
    release: &Release,
    by_name: &HashMap<&str, &Application>,
) -> Result<(), ReleaseError> {
    for application in &release.applications {
        let resource = &application.resource;
        let uses = resource.applications.iter();
        let uses = uses.filter(|name| !resource.optional_applications.contains(name));
        for needed in uses.chain(&resource.included_applications) {
            if !by_name.contains_key(needed.as_str()) {
                return Err(ReleaseError::Undefined {
                    application: application.name.clone(),
                    needed: needed.clone(),
                });
            }
        }
    }
    Ok(())
}

fn unique<'a>(
    release: &'a Release,
    what: &'static str,
    names: impl Fn(&'a Application) -> &'a Vec<String>,
) -> Result<HashMap<&'a str, &'a Application>, ReleaseError> {
    let mut of = HashMap::new();
    for application in &release.applications {
        for name in names(application) {
            let first: Option<&Application> = of.insert(name.as_str(), application);
            if let Some(first) = first {
                return Err(ReleaseError::Duplicate {
                    what,
                    name: name.clone(),
                    first: first.name.clone(),
                    second: application.name.clone(),
                });
            }
        }
    }
    Ok(of)
}

fn before_r15(vsn: &str) -> bool {
    let mut numbers = vsn.split('.').map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), minor) => (major, minor.unwrap_or(0)) < (2, 2),
        _ => false,
    }
}
