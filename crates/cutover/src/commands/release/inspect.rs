//! `cutover release inspect`.

use ::release::Manifest;
use ::release::manifest::EntryKind;
use ::release::unpack::read_manifest;

use super::{ARTIFACT_HELP, artifact_file};
use crate::build::size;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::DIM;

/// Show what is in an artifact, as its manifest says
///
/// Nothing is verified; `cutover release verify` does that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "ARTIFACT", default_value = "latest", help = ARTIFACT_HELP)]
    artifact: String,
    /// List every file with its mode, size and digest
    #[arg(long)]
    files: bool,
    /// List every module with its digest
    #[arg(long)]
    modules: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let path = artifact_file(&args.artifact, context)?;
    let manifest = read_manifest(&path).or_fail(Kind::Verification)?;
    if context.printer.is_json() {
        // The manifest is one line of JSON already, and those very bytes are its identity.
        context.printer.raw(&manifest.to_bytes());
        return Ok(());
    }
    context.printer.line(&summary(&manifest));
    for (title, wanted, lines) in [
        ("modules", args.modules, modules as fn(&Manifest) -> String),
        ("files", args.files, files),
    ] {
        if wanted {
            context.printer.line(&format!("\n{title}"));
            context.printer.line(&lines(&manifest));
        }
    }
    Ok(())
}

fn summary(manifest: &Manifest) -> String {
    let elixir = match &manifest.elixir {
        Some(vsn) => format!(", Elixir {vsn}"),
        None => String::new(),
    };
    let mut lines = vec![
        format!("{} {}", manifest.release, manifest.vsn),
        format!("artifact   {}", manifest.id()),
        format!(
            "built on   OTP {} (ERTS {}){elixir}",
            manifest.otp, manifest.erts
        ),
        format!("runs on    {}", manifest.target),
        format!(
            "content    {} files, {}, {} modules",
            manifest.entries.len(),
            size(manifest.content_bytes()),
            manifest.modules().count()
        ),
        "\napplications".to_owned(),
    ];
    let width = manifest.applications.iter().map(|app| app.name.len()).max();
    let width = width.unwrap_or(0);
    lines.extend(manifest.applications.iter().map(|app| {
        let (name, vsn, count) = (&app.name, &app.vsn, app.modules.len());
        format!("  {name:<width$}  {vsn:<10} {DIM}{count} modules{DIM:#}")
    }));
    lines.join("\n")
}

fn modules(manifest: &Manifest) -> String {
    let lines = manifest.modules().map(|(app, module)| {
        let place = app.map_or("consolidated", |app| &app.name);
        format!("  {}  {} {DIM}{place}{DIM:#}", module.md5, module.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn files(manifest: &Manifest) -> String {
    let lines = manifest.entries.iter().map(|entry| match &entry.kind {
        EntryKind::File {
            executable,
            content,
        } => {
            let mode = if *executable { "0755" } else { "0644" };
            let digest = content.blake3.to_hex();
            format!(
                "  {mode} {:>10}  {}  {}",
                content.size,
                &digest[..16],
                entry.path
            )
        }
        EntryKind::Symlink { target } => format!("  link {:>28}  {} -> {target}", "", entry.path),
    });
    lines.collect::<Vec<_>>().join("\n")
}
