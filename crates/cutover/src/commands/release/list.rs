//! `cutover release list`.

use std::time::SystemTime;

use ::release::store::Stored;
use ::release::{Manifest, Store};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::build::size;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

/// List the artifacts of this machine, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    let mut rows = Vec::new();
    for stored in store.list().or_fail(Kind::Other)? {
        match store.manifest(&stored.id) {
            Ok(manifest) => rows.push((stored, manifest)),
            Err(error) => context.printer.warn(&error.to_string()),
        }
    }
    let document: Vec<Value> = rows.iter().map(|row| document(&store, row)).collect();
    context.printer.result(&document, || table(&rows));
    Ok(())
}

fn document(store: &Store, (stored, manifest): &(Stored, Manifest)) -> Value {
    let debug = store.debug_path(&stored.id);
    json!({
        "artifact": stored.id.to_string(),
        "release": manifest.release,
        "vsn": manifest.vsn,
        "target": manifest.target,
        "path": stored.path,
        "bytes": stored.bytes,
        "debug_chunks": debug.is_file().then_some(debug),
        "since": unix_seconds(stored.since),
    })
}

fn table(rows: &[(Stored, Manifest)]) -> String {
    if rows.is_empty() {
        return "no artifacts yet; `cutover build` makes one".to_owned();
    }
    let cells = rows.iter().map(|(stored, manifest)| {
        [
            stored.id.short(),
            manifest.release.clone(),
            manifest.vsn.clone(),
            size(stored.bytes),
            when(stored.since),
        ]
    });
    let titles = ["ARTIFACT", "RELEASE", "VERSION", "SIZE", "SINCE"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(titles).chain(cells).collect();
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let lines = lines.iter().map(|line| {
        let cells = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn unix_seconds(time: SystemTime) -> i64 {
    OffsetDateTime::from(time).unix_timestamp()
}

fn when(time: SystemTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    OffsetDateTime::from(time).format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_the_minute() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        assert_eq!(when(time), "2023-11-14 22:13 UTC");
    }

    #[test]
    fn an_empty_store_says_how_to_fill_it() {
        assert!(table(&[]).contains("cutover build"));
    }
}
