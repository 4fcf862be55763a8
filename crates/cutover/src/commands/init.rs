//! `cutover init`.

mod proposal;

use std::path::{Path, PathBuf};

use project::Project;
use serde_json::json;
use sys::file::Access;

use self::proposal::Proposal;
use crate::context::{Context, current_dir};
use crate::failure::{Failure, Kind, OrFail};

/// Write a small cutover.toml for the Mix project here
///
/// Mix is asked what the project is; nothing is compiled or started.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The release to deploy, where the project has several
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// Replace a cutover.toml that is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let path = target(context)?;
    let shown = context.shown(&path)?;
    refuse_overwrite(args, &path, &shown)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let project = ask_mix(context, dir)?;
    let release = project.choose(args.release.as_deref()).map_err(|error| {
        let failure = Failure::of(Kind::Configuration, &error);
        failure.hint("name one with `cutover init --release NAME`")
    })?;
    let proposal = Proposal::of(&project, &release).map_err(|name| {
        Failure::new(
            Kind::Configuration,
            format!("{name:?} cannot be the name of a service"),
        )
        .hint("write a cutover.toml with `service = \"NAME\"` by hand")
    })?;
    sys::file::write_atomic(&path, proposal.text().as_bytes(), Access::Shared)
        .or_fail(Kind::Other)?;
    let document = json!({
        "written": path,
        "service": proposal.service(),
        "release": release.name(),
        "project": {"app": project.app, "version": project.version, "umbrella": project.umbrella},
        "phoenix": project.is_phoenix(),
        "ecto": !project.ecto_repos.is_empty(),
        "findings": proposal.findings(),
    });
    context
        .printer
        .result(&document, || summary(&shown, &project, &proposal));
    Ok(())
}

/// The file to write: where `--config` says, else here and never in a directory above.
fn target(context: &Context) -> Result<PathBuf, Failure> {
    let given = context
        .globals
        .config
        .as_ref()
        .or(context.environment.config.as_ref());
    Ok(current_dir()?.join(given.map_or(Path::new(crate::settings::FILE_NAME), PathBuf::as_path)))
}

fn refuse_overwrite(args: &Args, path: &Path, shown: &str) -> Result<(), Failure> {
    if args.force || !path.exists() {
        return Ok(());
    }
    let failure = Failure::new(Kind::Configuration, format!("{shown} is there already"));
    Err(failure
        .hint("replace it with `cutover init --force`, or see what it says with `cutover config`"))
}

fn ask_mix(context: &Context, dir: &Path) -> Result<Project, Failure> {
    let progress = context.printer.progress("asking Mix about the project");
    let project = project::inspect(dir, "prod")?;
    progress.done("");
    Ok(project)
}

fn summary(shown: &str, project: &Project, proposal: &Proposal) -> String {
    let mut lines = vec![format!(
        "wrote {shown} for {} {} (Elixir {}, OTP {})",
        proposal.service(),
        project.version,
        project.elixir,
        project.otp
    )];
    lines.extend(
        proposal
            .findings()
            .iter()
            .map(|finding| format!("  {finding}")),
    );
    lines.push("next: `cutover build`, then `cutover deploy`".to_owned());
    lines.join("\n")
}
