//! Before an instance starts: what must hold, and what it needs. Blocks.

use std::collections::BTreeMap;
use std::path::Path;

use host::shim::{Launch, LogLimits};
use release::check::{Certainty, env_overrides};

use super::site::Site;
use super::{Desired, Kept};
use crate::api::v1::{HealthCheck, InstanceSpec};
use crate::refusal::Refusal;
use crate::{artifacts, cookies, name};

/// Bytes below which a log's limit makes no sense.
const LOG_BYTES_MIN: u64 = 4 * 1024;
/// Hooks of one instance.
const HOOKS_MAX: usize = 64;
/// Bytes of a hook's name.
const NAME_BYTES_MAX: usize = 100;
/// Bytes of a release's `env.sh`.
const ENV_SH_BYTES_MAX: u64 = 1024 * 1024;

/// Refuses a spec that cannot be run, before anything is touched.
pub(super) fn check(id: &str, spec: &InstanceSpec) -> Result<(), Refusal> {
    let (service, slot) = name::instance(id)?;
    if service != spec.service || slot != spec.slot {
        let message = format!("{id} is not slot {} of {}", spec.slot, spec.service);
        return Err(Refusal::bad("bad_name", message));
    }
    name::node(&spec.node)?;
    if !spec.ports.contains_key(&spec.http_port) {
        let message = format!("no port {} in [ports]: the proxy needs it", spec.http_port);
        return Err(Refusal::unusable("no_http_port", message));
    }
    check_health(spec)?;
    check_hooks(spec)
}

fn check_health(spec: &InstanceSpec) -> Result<(), Refusal> {
    match &spec.health {
        HealthCheck::Http { path, host, .. } => {
            if !path.starts_with('/') {
                let message = format!("the health path {path:?} must begin with `/`");
                return Err(Refusal::unusable("health_path", message));
            }
            if let Some(host) = host
                && http::HeaderValue::from_str(host).is_err()
            {
                let message = format!("the host {host:?} of the health check is no header");
                return Err(Refusal::unusable("health_host", message));
            }
        }
        HealthCheck::Tcp { .. } => {}
        HealthCheck::Command { words, .. } => check_words("the health check", words)?,
    }
    if spec.beam.is_some() && !is_distributed(&spec.env) {
        let message = "the node's own health is asked through distribution, and RELEASE_DISTRIBUTION is \
                       none in [env]: remove one of them";
        return Err(Refusal::unusable("not_distributed", message));
    }
    Ok(())
}

fn check_hooks(spec: &InstanceSpec) -> Result<(), Refusal> {
    if spec.hooks.len() > HOOKS_MAX {
        let message = format!("{} hooks are more than {HOOKS_MAX}", spec.hooks.len());
        return Err(Refusal::unusable("too_many_hooks", message));
    }
    for hook in &spec.hooks {
        let what = format!("the {} hook {:?}", hook.point, hook.name);
        if hook.name.is_empty()
            || hook.name.len() > NAME_BYTES_MAX
            || hook.name.chars().any(char::is_control)
        {
            let message = format!("{what} needs a name of 1 to {NAME_BYTES_MAX} bytes on one line");
            return Err(Refusal::unusable("hook_name", message));
        }
        check_words(&what, &hook.words)?;
    }
    Ok(())
}

/// Refuses a command that cannot be one.
pub(crate) fn check_words(what: &str, words: &[String]) -> Result<(), Refusal> {
    let program = words.first().is_some_and(|word| !word.is_empty());
    if program && !words.iter().any(|word| word.contains('\0')) {
        return Ok(());
    }
    let message = format!("{what} needs a program, and words without a zero byte");
    Err(Refusal::unusable("bad_command", message))
}

/// Decides what a start on purpose needs to know: release, ports, node name.
pub(super) fn admit(
    site: &Site,
    id: &str,
    spec: &InstanceSpec,
    before: &Kept,
) -> Result<Kept, Refusal> {
    let manifest = artifacts::manifest(&site.home.store(), &spec.artifact)?;
    let kept = Kept {
        desired: Desired::Running,
        run: before.run,
        release: manifest.release,
        vsn: manifest.vsn,
        node: format!("{}_{}", spec.node, spec.slot),
        ports: site.ports.assign(id, &spec.ports, &before.ports)?,
        restarts: 0,
        started_ms: None,
        last_exit: None,
        warm_until_ms: None,
        risen: 0,
        epmd_port: site.epmd_port(),
        hooks: Vec::new(),
    };
    let root = site.home.instances().join(id).join("root");
    let env = site.environment(spec, &kept, &root)?;
    let release = artifacts::release(&site.home.store(), &spec.artifact);
    refuse_overrides(&release, &kept.vsn, &kept.ports)?;
    if is_distributed(&env) {
        let port = host::epmd::port(&env)?;
        if let Ok(names) = host::epmd::names(port)
            && let Some(taken) = names.get(&kept.node)
        {
            let node = &kept.node;
            return Err(Refusal::conflict(
                "node_in_use",
                format!(
                    "the node name {node} is taken: epmd on port {port} knows a node of that name on port \
                     {taken}; stop it, choose another name, or, where it is of another agent on this machine, \
                     name the hosts apart with `cutover agent run --name`"
                ),
            ));
        }
    }
    Ok(kept)
}

/// Makes everything ready for one run: root, cookie, epmd; returns what the shim is to do.
pub(super) fn launch(
    site: &Site,
    dir: &Path,
    spec: &InstanceSpec,
    kept: &Kept,
) -> Result<Launch, Refusal> {
    let environment = spec.service.rsplit('.').next().unwrap_or_default();
    let cookie = match spec.env.get("RELEASE_COOKIE") {
        Some(own) => own.clone(),
        None => cookies::of(&site.home.cookies(), environment)?,
    };
    let release = artifacts::release(&site.home.store(), &spec.artifact);
    let root = host::root::Root {
        instance: dir,
        release: &release,
        artifact: &spec.artifact,
        name: &kept.release,
        cookie: &cookie,
    }
    .make()?;
    let env = site.environment(spec, kept, &root)?;
    if is_distributed(&env) {
        let port = host::epmd::port(&env)?;
        if host::epmd::ensure(&root, &env, port)? {
            crate::epmds::note(&site.home, port)?;
        }
    }
    Ok(Launch {
        run: kept.run,
        program: root.join("bin").join(&kept.release),
        args: vec!["start".into()],
        cwd: root,
        env,
        log: log_limits(spec),
    })
}

/// Refuses a release whose `env.sh` would take away what tells one instance from another.
fn refuse_overrides(
    release: &Path,
    vsn: &str,
    ports: &BTreeMap<String, u16>,
) -> Result<(), Refusal> {
    let path = release.join("releases").join(vsn).join("env.sh");
    if !path.exists() {
        return Ok(());
    }
    let text = sys::file::read_bounded(&path, ENV_SH_BYTES_MAX)?;
    let ours = ["RELEASE_NODE", "RELEASE_TMP", "RELEASE_VSN"];
    let names: Vec<&str> = ours
        .into_iter()
        .chain(ports.keys().map(String::as_str))
        .collect();
    for found in env_overrides(&String::from_utf8_lossy(&text), &names) {
        if found.certainty == Certainty::Sometimes {
            tracing::warn!(
                line = found.line,
                text = found.text,
                "env.sh may override what cutover sets"
            );
            continue;
        }
        let message = format!(
            "rel/env.sh sets {} itself (line {}: `{}`), so that two instances could not run side by side; \
             write `{}=${{{}:-…}}` there, or remove it, and build again",
            found.name, found.line, found.text, found.name, found.name
        );
        return Err(Refusal::unusable("env_override", message));
    }
    Ok(())
}

pub(super) fn log_limits(spec: &InstanceSpec) -> LogLimits {
    LogLimits {
        bytes_max: spec.log_bytes_max.max(LOG_BYTES_MIN),
        files: spec.log_files,
    }
}

fn is_distributed(env: &BTreeMap<String, String>) -> bool {
    env.get("RELEASE_DISTRIBUTION")
        .is_none_or(|mode| mode != "none")
}
