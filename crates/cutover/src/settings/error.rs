//! What is wrong with the settings, where, and what to do about it.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::keys;
use crate::failure::{Failure, Kind};

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// There is no file.
    #[error("there is no cutover.toml in {} or above it", .0.display())]
    Absent(PathBuf),
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] sys::file::FileError),
    /// Something in the file is wrong.
    #[error("{0}")]
    Wrong(Box<Wrong>),
    /// The service has no name, and the project gives none.
    #[error("the service has no name")]
    NoService,
    /// A name given on the command line or by a variable is none.
    #[error("{name}: {message}")]
    Named {
        /// The flag or the variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
}

/// A wrong place in a file.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub(crate) struct Wrong {
    /// The file as it is shown.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// The line, and a mark under the place.
    pub(crate) excerpt: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

/// The text of a settings file under its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The name as it is shown.
    pub(crate) file: &'a str,
    /// What it holds.
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// The line at a byte offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.before(offset).matches('\n').count() + 1
    }

    /// Makes the error for a place. A line under `[env]` is not shown, for it may hold a secret.
    pub(crate) fn wrong(
        &self,
        offset: usize,
        message: String,
        hint: Option<String>,
    ) -> SettingsError {
        let (start, column) = self.line_start(offset);
        let excerpt = if self.is_in_env(offset) {
            String::new()
        } else {
            let line = self.text[start..].lines().next().unwrap_or("");
            let shown: String = line.chars().take(120).collect();
            format!("{shown}\n{}^", " ".repeat(column - 1))
        };
        SettingsError::Wrong(Box::new(Wrong {
            file: self.file.to_owned(),
            line: self.line(offset),
            column,
            message,
            excerpt,
            hint,
        }))
    }

    /// The byte offset at which the line of `offset` begins, and the column from 1.
    fn line_start(&self, offset: usize) -> (usize, usize) {
        let before = self.before(offset);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (start, before[start..].chars().count() + 1)
    }

    /// Explains an error of the TOML reader.
    pub(crate) fn explain(&self, error: &toml::de::Error) -> SettingsError {
        let offset = error.span().map_or(0, |span| span.start);
        let key = keys::at(self.text, offset);
        let message = error.message();
        let named = message.strip_prefix("unknown field ");
        if let Some((unknown, expected)) = named.and_then(quoted_names) {
            let table = key
                .as_deref()
                .and_then(|key| key.rsplit_once('.'))
                .map_or("", |(table, _)| table);
            let place = match table {
                "" => "at the top of the file".to_owned(),
                table => format!("in [{table}]"),
            };
            let hint = keys::suggestion(unknown, table, &expected)
                .unwrap_or_else(|| format!("{place} there may be: {}", expected.join(", ")));
            return self.wrong(
                offset,
                format!("unknown key `{unknown}` {place}"),
                Some(hint),
            );
        }
        let subject = key
            .as_deref()
            .map_or_else(String::new, |key| format!("`{key}`: "));
        let message = message
            .replace("expected a sequence", "expected an array")
            .replace("expected a map", "expected a table");
        if self.is_in_env(offset) && !message.contains("is not the name") {
            // It may be a secret, so the reader's message, which quotes it, is not shown.
            let message = if key.is_some() {
                "expected a string"
            } else {
                "this is not TOML"
            };
            let hint = "variables are text: write NAME = \"value\"".to_owned();
            return self.wrong(offset, format!("{subject}{message}"), Some(hint));
        }
        let hint = remedy(&message);
        self.wrong(offset, format!("{subject}{message}"), hint)
    }

    /// Says whether the offset is under a table header that names `env`.
    fn is_in_env(&self, offset: usize) -> bool {
        let lines = self.before(offset).lines().rev();
        let mut headers = lines.filter_map(|line| line.trim().strip_prefix('['));
        let header = headers.next().unwrap_or("").trim_end_matches(']');
        header.split('.').any(|part| part.trim() == "env")
    }

    fn before(&self, offset: usize) -> &str {
        // An offset inside of a character cannot come from the reader; if it does, show the start.
        self.text.get(..offset).unwrap_or("")
    }
}

/// Reads serde's `` `a`, expected one of `b`, `c` ``: the unknown name and the expected ones.
fn quoted_names(text: &str) -> Option<(&str, Vec<&str>)> {
    let mut names = text.split('`').skip(1).step_by(2);
    Some((names.next()?, names.collect()))
}

fn remedy(message: &str) -> Option<String> {
    let named = message.strip_prefix("unknown variant ");
    let (unknown, expected) = named.and_then(quoted_names)?;
    let near = keys::nearest(unknown, expected.iter().copied());
    near.map(|near| format!("did you mean \"{near}\"?"))
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let failure = Self::new(Kind::Configuration, error.to_string());
        match error {
            SettingsError::Absent(_) => failure
                .hint("run `cutover init` in your Mix project, or name the file with `--config`"),
            SettingsError::Unreadable(error) if error.source.kind() == ErrorKind::NotFound => {
                failure.hint("run `cutover init` to write one, or correct `--config`")
            }
            SettingsError::Unreadable(_) | SettingsError::Named { .. } => failure,
            SettingsError::Wrong(wrong) => match wrong.hint {
                Some(hint) => failure.output(&wrong.excerpt).hint(hint),
                None => failure.output(&wrong.excerpt),
            },
            SettingsError::NoService => failure.hint("write `service = \"NAME\"` in cutover.toml"),
        }
    }
}
