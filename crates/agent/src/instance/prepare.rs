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
    if let HealthCheck::Http { path, .. } = &spec.health
        && !path.starts_with('/')
    {
        let message = format!("the health path {path:?} must begin with `/`");
        return Err(Refusal::unusable("health_path", message));
    }
    Ok(())
}

/// Decides what a start on purpose needs to know: release, ports, node name.
pub(super) fn admit(
    site: &Site,
    id: &str,
    spec: &InstanceSpec,
    before: &Kept,
) -> Result<Kept, Refusal> {
    let manifest = artifacts::manifest(&site.home.store(), &spec.artifact)?;
    let ports = site.ports.assign(id, &spec.ports, &before.ports)?;
    let node = format!("{}_{}", spec.node, spec.slot);
    let root = site.home.instances().join(id).join("root");
    let env = site.environment(spec, &ports, &node, &root)?;
    let release = artifacts::release(&site.home.store(), &spec.artifact);
    refuse_overrides(&release, &manifest.vsn, &ports)?;
    if is_distributed(&env) {
        let port = host::epmd::port(&env)?;
        if let Ok(names) = host::epmd::names(port)
            && let Some(taken) = names.get(&node)
        {
            return Err(Refusal::conflict(
                "node_in_use",
                format!(
                    "the node name {node} is taken: epmd on port {port} knows a node of that name on port \
                     {taken}; stop it, or choose another name"
                ),
            ));
        }
    }
    Ok(Kept {
        desired: Desired::Running,
        run: before.run,
        release: manifest.release,
        vsn: manifest.vsn,
        node,
        ports,
        restarts: 0,
        started_ms: None,
        last_exit: None,
        warm_until_ms: None,
        hooks: Vec::new(),
    })
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
    let env = site.environment(spec, &kept.ports, &kept.node, &root)?;
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
