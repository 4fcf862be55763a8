//! `cutover release appup`.

use std::path::PathBuf;

use relup::{Appup, Direction, Release, Source};
use serde_json::json;
use sys::file::{Access, write_atomic};

use ::verdict::Judged;

use super::judged::{JudgedPair, not_safe};
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

/// Print the appups that an upgrade from A to B follows, those that are generated for review
///
/// To keep one, put it into rel/appups of the project and change it there: it wins over the generated
/// one, and `cutover release verdict` checks that it covers every module that changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: JudgedPair,
    /// Only those of these applications
    #[arg(long, value_name = "APP")]
    app: Vec<String>,
    /// Write each to DIR/APP.appup instead
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// An appup with what is known of it.
struct Found {
    application: String,
    source: Source,
    appup: Appup,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (a, b, judged) = args.pair.judge(context)?;
    let mut found = match found(&a.release, &b.release, &judged) {
        Some(found) => found,
        None => return Err(not_safe(&a, &b, &judged)),
    };
    found.retain(|one| args.app.is_empty() || args.app.contains(&one.application));
    if let Some(dir) = &args.output {
        for one in &found {
            let path = dir.join(format!("{}.appup", one.application));
            write_atomic(&path, one.appup.to_string().as_bytes(), Access::Shared)
                .or_fail(Kind::Other)?;
        }
    }
    let document: Vec<_> = found
        .iter()
        .map(|one| {
            json!({
                "application": one.application,
                "source": word(one.source),
                "appup": one.appup.to_string(),
            })
        })
        .collect();
    context.printer.result(&document, || match &args.output {
        Some(dir) => format!("{} appups in {}", found.len(), dir.display()),
        None if found.is_empty() => "no application has another version".to_owned(),
        None => {
            let texts = found.iter().map(|one| {
                let source = word(one.source);
                format!("%% {}: {source}\n{}", one.application, one.appup)
            });
            texts.collect::<Vec<_>>().join("\n").trim_end().to_owned()
        }
    });
    Ok(())
}

fn word(source: Source) -> &'static str {
    match source {
        Source::Project => "kept in the project",
        Source::Own => "its own",
        Source::Generated => "generated",
    }
}

/// The appup that speaks for each application with another version; one of its own as it is, a
/// generated one with all that it does.
fn found(a: &Release, b: &Release, judged: &Judged) -> Option<Vec<Found>> {
    let composed = judged.composed.as_ref()?;
    let changed = b.applications.iter().filter_map(|app| {
        let before = a.application(&app.name)?;
        (before.vsn != app.vsn).then_some((app, before))
    });
    let found = changed.filter_map(|(app, before)| {
        let kept = [Source::Project, Source::Own]
            .into_iter()
            .find_map(|source| {
                let appup = composed.appups.get(&app.name, source)?;
                let speaks = composed.own.contains(&(Direction::Up, app.name.clone()));
                speaks.then(|| (source, appup.clone()))
            });
        let (source, appup) = match kept {
            Some(kept) => kept,
            None => {
                let parts = composed.generated.applications.get(&app.name)?;
                let mut appup = Appup::new(&app.vsn);
                for direction in [Direction::Up, Direction::Down] {
                    appup.push(direction, &before.vsn, parts.part(direction).script());
                }
                (Source::Generated, appup)
            }
        };
        Some(Found {
            application: app.name.clone(),
            source,
            appup,
        })
    });
    Some(found.collect())
}
