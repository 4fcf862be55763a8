//! `cutover build`.

use std::time::Duration;

use project::Start;
use release::pack::Origin;
use release::sign::KeyOrigin;
use serde_json::{Value, json};

use crate::build::{self, Built, size};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::printer::seconds;
use crate::settings::{At, Name, Sections};

/// Build the release into a signed artifact
///
/// Runs `mix release` apart from your own builds (in `_build/cutover`), checks what it made, and packs
/// it. The same inputs give the same artifact.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The release to build, where the project has several
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// Build from nothing, not from what the last build left
    #[arg(long)]
    clean: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let begun = sys::clock::monotonic();
    let settings = context.settings(flags(args)?)?;
    let start = if args.clean || settings.build.clean {
        Start::Clean
    } else {
        Start::Incremental
    };
    let built = build::build(context, &settings, start)?;
    let took = sys::clock::since(begun);
    context
        .printer
        .result(&document(&built, took), || summary(&built, took));
    Ok(())
}

fn flags(args: &Args) -> Result<Sections, Failure> {
    let name = args.release.clone().map(Name::try_from).transpose();
    let name =
        name.map_err(|message| Failure::new(Kind::Usage, format!("--release: {message}")))?;
    Ok(Sections {
        release: name.map(|name| At::named("--release", name)),
        ..Sections::default()
    })
}

fn document(built: &Built, took: Duration) -> Value {
    let packed = &built.packed;
    let steps = built
        .steps
        .iter()
        .map(|(name, took)| json!({"step": name, "ms": millis(*took)}));
    json!({
        "artifact": packed.id.to_string(),
        "release": packed.manifest.release,
        "vsn": packed.manifest.vsn,
        "path": packed.path,
        "bytes": packed.bytes,
        "already": packed.origin == Origin::AlreadyThere,
        "key": built.key.id(),
        "key_created": built.key_origin == KeyOrigin::Created,
        "debug_modules": built.kept.modules,
        "debug_modules_missing": built.kept.without,
        "ms": millis(took),
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn summary(built: &Built, took: Duration) -> String {
    let packed = &built.packed;
    let verb = match packed.origin {
        Origin::Made => "built",
        Origin::AlreadyThere => "nothing changed:",
    };
    format!(
        "{verb} {} {} as artifact {} ({}, {})",
        packed.manifest.release,
        packed.manifest.vsn,
        packed.id.short(),
        size(packed.bytes),
        seconds(took)
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
