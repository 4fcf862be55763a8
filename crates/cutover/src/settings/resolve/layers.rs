//! The layers, and how a key is looked up in them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Origin, Row};
use crate::settings::bounded::Count;
use crate::settings::duration::Time;
use crate::settings::error::{SettingsError, Source};
use crate::settings::file::Sections;
use crate::settings::names::Variable;
use crate::settings::place::{At, Place};

/// The layers of settings, and a row for every key that was looked up.
pub(super) struct Resolver<'a> {
    /// The strongest first.
    pub(super) layers: [Sections; 3],
    pub(super) source: Source<'a>,
    pub(super) rows: Vec<Row>,
}

impl Resolver<'_> {
    pub(super) fn origin(&self, place: Place) -> Origin {
        match place {
            Place::Offset(offset) => Origin::Line {
                file: self.source.file.to_owned(),
                line: self.source.line(offset),
            },
            Place::Named(name) => Origin::Named(name.to_owned()),
        }
    }

    pub(super) fn row(&mut self, key: &str, value: &impl Serialize, origin: Origin) {
        self.rows.push(Row {
            key: key.to_owned(),
            value: serde_json::to_value(value).unwrap_or_default(),
            origin,
            secret: false,
        });
    }

    /// The strongest layer's value of a key, without a row.
    pub(super) fn given<T: Clone>(
        &self,
        get: impl Fn(&Sections) -> Option<&At<T>>,
    ) -> Option<At<T>> {
        self.layers.iter().find_map(get).cloned()
    }

    pub(super) fn value<T: Clone + Serialize>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<T>>,
        default: T,
    ) -> T {
        let (value, origin) = match self.given(get) {
            Some(at) => (at.value, self.origin(at.place)),
            None => (default, Origin::Default),
        };
        self.row(key, &value, origin);
        value
    }

    pub(super) fn optional<T: Clone + Serialize>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<T>>,
    ) -> Option<T> {
        let given = self.given(get);
        let origin = given
            .as_ref()
            .map_or(Origin::Default, |at| self.origin(at.place));
        let value = given.map(|at| at.value);
        self.row(key, &value, origin);
        value
    }

    pub(super) fn time<const MIN: u64, const MAX: u64>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<Time<MIN, MAX>>>,
        default: Time<MIN, MAX>,
    ) -> Duration {
        self.value(key, get, default).duration()
    }

    pub(super) fn count<const MIN: u32, const MAX: u32>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<Count<MIN, MAX>>>,
        default: Count<MIN, MAX>,
    ) -> u32 {
        self.value(key, get, default).get()
    }

    /// A table of variables, merged over the layers. Their values may be secrets.
    pub(super) fn table(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&BTreeMap<Variable, At<String>>>,
    ) -> BTreeMap<String, String> {
        let merged = self.merged(get);
        let mut table = BTreeMap::new();
        for (name, at) in merged {
            self.rows.push(Row {
                key: format!("{key}.{name}"),
                value: at.value.clone().into(),
                origin: self.origin(at.place),
                secret: true,
            });
            table.insert(name.to_string(), at.value);
        }
        table
    }

    pub(super) fn merged<T: Clone>(
        &self,
        get: impl Fn(&Sections) -> Option<&BTreeMap<Variable, At<T>>>,
    ) -> BTreeMap<Variable, At<T>> {
        let mut merged = BTreeMap::new();
        for layer in self.layers.iter().rev() {
            merged.extend(
                get(layer)
                    .into_iter()
                    .flatten()
                    .map(|(k, v)| (k.clone(), v.clone())),
            );
        }
        merged
    }

    pub(super) fn wrong(
        &self,
        place: Place,
        key: &str,
        message: String,
        hint: Option<String>,
    ) -> SettingsError {
        match place {
            Place::Offset(offset) => self
                .source
                .wrong(offset, format!("`{key}`: {message}"), hint),
            Place::Named(name) => SettingsError::Named {
                name: name.to_owned(),
                message,
            },
        }
    }
}
