//! From a Mix project to a signed artifact in the store: what `build` and `deploy` both do.

mod hooks;
mod keys;
mod warnings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use project::{Assembled, Build, Project, Start};
use release::check::{Certainty, CheckedRelease, check, env_overrides};
use release::debug::{Kept, keep};
use release::pack::{Compression, Packed, Stage, pack};
use release::sbom::Sources;
use release::sign::KeyOrigin;
use release::{ReleaseTree, SigningKey, Store};

use self::warnings::Warnings;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::settings::Resolved;

/// The largest `env.sh` that is looked into.
const ENV_SH_BYTES_MAX: u64 = 1 << 20;

/// What a build made.
#[derive(Debug)]
pub(crate) struct Built {
    /// The artifact.
    pub(crate) packed: Packed,
    /// What was kept of the debug chunks.
    pub(crate) kept: Kept,
    /// The key that signed.
    pub(crate) key: SigningKey,
    /// Whether it was made for this build.
    pub(crate) key_origin: KeyOrigin,
    /// Every step and how long it took.
    pub(crate) steps: Vec<(&'static str, Duration)>,
}

/// Builds the release that the settings name, checks it, packs it and puts it into the store.
pub(crate) fn build(
    context: &Context,
    settings: &Resolved,
    start: Start,
) -> Result<Built, Failure> {
    let mut steps = Vec::new();
    let printer = &context.printer;
    let (key, key_origin) = keys::signing_key(context, settings)?;

    let progress = printer.progress("mix project");
    let project = project::inspect(&settings.dir, &settings.build.mix_env)?;
    let which = project
        .choose(settings.release.as_deref())
        .map_err(|error| {
            let failure = Failure::of(Kind::Configuration, &error);
            failure.hint("write `release = \"NAME\"` in cutover.toml, or name one with `--release`")
        })?;
    let name = which.name().to_owned();
    steps.push((
        "project",
        progress.done(&format!("{name} {}", project.version)),
    ));

    let build = Build {
        dir: settings.dir.clone(),
        mix_env: settings.build.mix_env.clone(),
        release: which,
        start,
        before: settings.build.before.clone(),
        env: build_env(&settings.build.env),
        fetch: !project.deps_missing.is_empty(),
    };
    hooks::run(
        context,
        settings,
        "pre-build",
        &settings.hooks.pre_build,
        &[],
    )?;
    let (assembled, took) = mix_release(context, &build)?;
    steps.push(("mix release", took));

    let progress = printer.progress("check");
    let tree = ReleaseTree::read(&assembled.root).or_fail(Kind::Verification)?;
    let checked = check(tree).or_fail(Kind::Verification)?;
    refuse_env_sh(context, settings, &checked)?;
    let modules: usize = checked
        .tree()
        .libraries
        .iter()
        .map(|library| library.modules.len())
        .sum();
    let libraries = checked.tree().libraries.len();
    steps.push((
        "check",
        progress.done(&format!("{libraries} applications, {modules} modules")),
    ));

    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Build)?;
    let progress = printer.progress("pack");
    let sources = Sources::of_deps(&project.deps_path).or_fail(Kind::Build)?;
    let packed = pack(
        &checked,
        &key,
        &store,
        &sources,
        Compression::DEFAULT,
        &mut |at| {
            let stage = match at.stage {
                Stage::Hashing => "hashing",
                Stage::Compressing => "compressing",
            };
            progress.detail(&format!(
                "{stage} {} of {}",
                size(at.bytes_done),
                size(at.bytes_total)
            ));
        },
    )
    .or_fail(Kind::Build)?;
    let outcome = format!("{} as {}", size(packed.bytes), packed.id.short());
    steps.push(("pack", progress.done(&outcome)));

    let progress = printer.progress("debug chunks");
    let kept = keep(
        checked.tree(),
        &beams(&build, &project),
        &store.debug_path(&packed.id),
    )
    .or_fail(Kind::Build)?;
    let outcome = format!(
        "{} modules, {}, kept beside the artifact",
        kept.modules,
        size(kept.bytes)
    );
    steps.push(("debug chunks", progress.done(&outcome)));
    let made = [
        ("CUTOVER_ARTIFACT", packed.id.to_string()),
        ("CUTOVER_VSN", packed.manifest.vsn.clone()),
    ];
    hooks::run(
        context,
        settings,
        "post-build",
        &settings.hooks.post_build,
        &made,
    )?;
    Ok(Built {
        packed,
        kept,
        key,
        key_origin,
        steps,
    })
}

fn mix_release(context: &Context, build: &Build) -> Result<(Assembled, Duration), Failure> {
    let progress = context.printer.progress("mix release");
    let mut warnings = Warnings::default();
    let assembled = project::build(build, &mut |step| progress.detail(step), &mut |line| {
        if warnings.is_part(line) {
            progress.keep(line);
        } else {
            progress.detail(line);
        }
    })
    .map_err(|error| {
        let fetching = matches!(&error, project::Error::Failed { command, .. } if command.starts_with("mix deps.get"));
        let failure = Failure::from(error);
        if fetching {
            failure.hint("dependencies must be fetched; without a network, run `mix deps.get` where there is one")
        } else {
            failure
        }
    })?;
    let how = match build.start {
        Start::Incremental => "",
        Start::Clean => "from clean",
    };
    Ok((assembled, progress.done(how)))
}

/// The variables of the build: ours that make it reproducible, then the user's; compiler options of the
/// user's are joined with ours.
fn build_env(given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = release::reproducible_env();
    let mut env: BTreeMap<String, String> = ours.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    for (name, value) in given {
        let value = match env.get(name) {
            Some(own) if name == "ERL_COMPILER_OPTIONS" => {
                let inner = value.trim().trim_start_matches('[').trim_end_matches(']');
                format!("[{own},{inner}]")
            }
            _ => value.clone(),
        };
        env.insert(name.clone(), value);
    }
    env
}

/// Refuses a `rel/env.sh.eex` that would override the node name or a port of an instance.
fn refuse_env_sh(
    context: &Context,
    settings: &Resolved,
    checked: &CheckedRelease,
) -> Result<(), Failure> {
    let tree = checked.tree();
    let path = tree
        .root
        .join("releases")
        .join(&tree.start_erl.vsn)
        .join("env.sh");
    let Ok(bytes) = sys::file::read_bounded(&path, ENV_SH_BYTES_MAX) else {
        return Ok(());
    };
    let mut names = vec![
        "RELEASE_NODE",
        "RELEASE_TMP",
        "RELEASE_COOKIE",
        "RELEASE_DISTRIBUTION",
        "RELEASE_VSN",
    ];
    names.extend(settings.ports.keys().map(String::as_str));
    for found in env_overrides(&String::from_utf8_lossy(&bytes), &names) {
        let message = format!(
            "env.sh:{}: {} is set for every instance: {}",
            found.line, found.name, found.text
        );
        match found.certainty {
            Certainty::Always => {
                let failure = Failure::new(Kind::Configuration, message);
                return Err(failure
                    .hint(format!("two versions could not run at once; in rel/env.sh.eex write {0}=\"${{{0}:-…}}\", or take the line out", found.name)));
            }
            Certainty::Sometimes => context.printer.warn(&message),
        }
    }
    Ok(())
}

/// Where unstripped beams are: of the project, of Elixir, of Erlang.
fn beams(build: &Build, project: &Project) -> Vec<PathBuf> {
    let installed = project.lib_dirs.iter().flat_map(|dir| project::ebins(dir));
    build.beam_dirs().into_iter().chain(installed).collect()
}

/// A size for people: `3.1 MB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_compiler_options_are_joined_with_ours() {
        let options = |text: &str| {
            let given = BTreeMap::from([("ERL_COMPILER_OPTIONS".to_owned(), text.to_owned())]);
            build_env(&given).remove("ERL_COMPILER_OPTIONS").unwrap()
        };
        assert_eq!(options("bin_opt_info"), "[deterministic,bin_opt_info]");
        assert_eq!(options("[a, {d,x}]"), "[deterministic,a, {d,x}]");
        assert_eq!(
            build_env(&BTreeMap::new())["ERL_COMPILER_OPTIONS"],
            "deterministic"
        );
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!(
            [size(12), size(1_500), size(3_140_000)],
            ["12 B", "1.5 kB", "3.1 MB"]
        );
    }
}
