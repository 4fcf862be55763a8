//! `NAME.rel`: what a release is made of.

use crate::Limits;
use crate::term::{Term, TermError, consult_one};

/// A release: its name, version, ERTS and applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelFile {
    /// The release's name.
    pub name: String,
    /// The release's version.
    pub vsn: String,
    /// The version of ERTS that it runs on.
    pub erts: String,
    /// Its applications, in the order written.
    pub applications: Vec<RelApplication>,
}

/// An application of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelApplication {
    /// The application's name.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// How it is started; `permanent` where the file says nothing.
    pub start: StartType,
}

/// How an application is started at boot, and what its end means for the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartType {
    /// Its end ends the node.
    Permanent,
    /// Its end with an error ends the node.
    Transient,
    /// Its end is reported.
    Temporary,
    /// Loaded, not started.
    Load,
    /// Neither loaded nor started.
    None,
}

impl StartType {
    /// The atom that stands for it in a `.rel` or `RELEASES` file.
    pub fn as_atom(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Transient => "transient",
            Self::Temporary => "temporary",
            Self::Load => "load",
            Self::None => "none",
        }
    }

    fn from_atom(name: &str) -> Option<Self> {
        [
            Self::Permanent,
            Self::Transient,
            Self::Temporary,
            Self::Load,
            Self::None,
        ]
        .into_iter()
        .find(|start| start.as_atom() == name)
    }
}

/// Why bytes are not a `.rel` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelError {
    /// The bytes are not one Erlang term.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The term is not `{release, {Name, Vsn}, {erts, Vsn}, Applications}`.
    #[error("expected {{release, {{NAME, VSN}}, {{erts, VSN}}, [APPLICATIONS]}}")]
    Shape,
    /// An application is not `{Name, Vsn}`, with or without a start type and included applications.
    #[error("application number {number}: expected {{NAME, VSN, TYPE}}")]
    Application {
        /// Its place in the list, counted from 1.
        number: usize,
    },
}

impl RelFile {
    /// Reads the bytes of a `.rel` file.
    ///
    /// # Errors
    /// Where they do not describe a release.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, RelError> {
        let term = consult_one(bytes, limits)?;
        // OTP 28 allows a fifth element, a list of options.
        let Some([Term::Atom(tag), name_vsn, erts, applications, ..]) = term.as_tuple() else {
            return Err(RelError::Shape);
        };
        let (Some([name, vsn]), Some([Term::Atom(erts_tag), erts]), Some(applications)) =
            (name_vsn.as_tuple(), erts.as_tuple(), applications.as_list())
        else {
            return Err(RelError::Shape);
        };
        if tag != "release" || erts_tag != "erts" {
            return Err(RelError::Shape);
        }
        Ok(Self {
            name: name.text().ok_or(RelError::Shape)?,
            vsn: vsn.text().ok_or(RelError::Shape)?,
            erts: erts.text().ok_or(RelError::Shape)?,
            applications: applications
                .iter()
                .zip(1..)
                .map(|(term, number)| application(term).ok_or(RelError::Application { number }))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn application(term: &Term) -> Option<RelApplication> {
    let [Term::Atom(name), vsn, rest @ ..] = term.as_tuple()? else {
        return None;
    };
    let start = match rest {
        [] | [Term::List(_)] => StartType::Permanent,
        [Term::Atom(start)] | [Term::Atom(start), Term::List(_)] => StartType::from_atom(start)?,
        _ => return None,
    };
    Some(RelApplication {
        name: name.clone(),
        vsn: vsn.text()?,
        start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RelFile, RelError> {
        RelFile::read(text.as_bytes(), &Limits::RELEASE)
    }

    #[test]
    fn a_rel_file_is_read() {
        let rel = read(
            "%% coding: utf-8\n{release,{\"shop\",\"0.1.0\"},{erts,\"13.1.5\"},\n\
             [{kernel,\"8.5.3\",permanent},{sasl,\"4.2\"},{iex,\"1.14.0\",none},\n\
             {top,\"1\",load,[inner]},{wide,\"1\",[inner]}]}.",
        )
        .unwrap();
        assert_eq!((rel.name.as_str(), rel.vsn.as_str()), ("shop", "0.1.0"));
        assert_eq!(rel.erts, "13.1.5");
        let starts: Vec<_> = rel.applications.iter().map(|a| a.start).collect();
        use StartType::{Load, None, Permanent};
        assert_eq!(starts, [Permanent, Permanent, None, Load, Permanent]);
    }

    #[test]
    fn a_wrong_rel_file_is_refused_with_its_place() {
        for (text, message) in [
            (
                "{release,{\"a\",\"1\"},{erts,\"1\"},[{k,\"1\"},{s,\"1\",odd}]}.",
                "application number 2: expected {NAME, VSN, TYPE}",
            ),
            (
                "{release,{a,\"1\"},{erts,\"1\"},[]}.",
                "expected {release, {NAME, VSN}, {erts, VSN}, [APPLICATIONS]}",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }
}
