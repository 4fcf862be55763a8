//! Starting an instance: on purpose, and again after a crash. The hooks around it run each time.

use std::sync::Arc;
use std::time::Duration;

use host::shim;

use super::actor::{Actor, Phase, never_started};
use super::backoff::Backoff;
use super::end::Run;
use super::resume::find;
use super::{Desired, kept, prepare};
use crate::api::v1::{HookPoint, InstanceSpec};
use crate::refusal::{Refusal, blocking};

impl Actor {
    pub(super) async fn start(&mut self, spec: InstanceSpec) -> Result<(), Refusal> {
        let same = self.spec.as_deref() == Some(&spec);
        if !matches!(self.phase, Phase::Idle) {
            if same {
                return Ok(());
            }
            return Err(Refusal::conflict(
                "instance_runs",
                format!("{} runs with another spec: stop it first", self.id),
            ));
        }
        let (site, id, before) = (self.site.clone(), self.id.clone(), self.kept.clone());
        let (spec, kept) = blocking(move || {
            let kept = prepare::admit(&site, &id, &spec, &before)?;
            Ok((spec, kept))
        })
        .await?;
        kept::write_spec(&self.path, &spec)?;
        self.spec = Some(Arc::new(spec));
        self.kept = kept;
        self.start_on_purpose().await
    }

    /// Starts with what is kept; where that fails the instance is stopped.
    pub(super) async fn start_on_purpose(&mut self) -> Result<(), Refusal> {
        self.keep()?;
        self.backoff = Backoff::default();
        if let Some(run) = find(&self.dir, &self.site.binary).await {
            tracing::warn!(
                instance = self.id,
                "what an earlier start left is ended first"
            );
            run.kill().await;
            run.exit(&self.dir).await;
        }
        if let Some(spec) = &self.spec {
            host::log::fresh(&self.path.join("logs"), prepare::log_limits(spec))?;
        }
        let started = self.launch().await;
        if let Err(refusal) = &started {
            self.kept.desired = Desired::Stopped;
            self.kept.last_exit = Some(format!("did not start: {refusal}"));
            self.phase = Phase::Idle;
            self.publish();
            self.keep()?;
        }
        started
    }

    /// Begins a new run.
    async fn launch(&mut self) -> Result<(), Refusal> {
        let Some(spec) = self.spec.clone() else {
            return Err(never_started(&self.id));
        };
        // A full disk may have kept the count of the last one from being written.
        let last = self.dir.record().ok().flatten().map_or(0, |r| r.run);
        self.kept.run = self.kept.run.max(last) + 1;
        self.kept.started_ms = Some(sys::clock::now_ms());
        self.kept.hooks.clear();
        // The same as before, unless somebody took one while the instance was down.
        let ports = self
            .site
            .ports
            .assign(&self.id, &spec.ports, &self.kept.ports)?;
        if self.kept.ports == ports {
            // What it should do is on disk already: a full one must not turn a crash into an outage.
            self.keep_or_warn();
        } else {
            self.kept.ports = ports;
            self.keep()?;
        }
        self.play(HookPoint::PreConfigure).await?;
        let (site, path, kept) = (self.site.clone(), self.path.clone(), self.kept.clone());
        let launch = blocking(move || prepare::launch(&site, &path, &spec, &kept)).await?;
        self.play(HookPoint::PostConfigure).await?;
        self.play(HookPoint::PreStart).await?;
        self.dir.write_launch(&launch)?;
        let record = shim::start(&self.site.binary, &self.dir).await?;
        if !self.kept.hooks.is_empty() {
            self.keep_or_warn();
        }
        self.attach(Run::of(record)?);
        Ok(())
    }

    /// Runs the hooks of a point before the program starts.
    async fn play(&mut self, point: HookPoint) -> Result<(), Refusal> {
        let Some(scene) = self.scene() else {
            return Ok(());
        };
        let played = scene.play(point, Duration::ZERO, &mut self.kept.hooks);
        played.await.map_err(|failed| failed.refusal)
    }

    /// Starts it after the pause that followed a crash.
    pub(super) async fn start_again(&mut self) {
        self.phase = Phase::Idle;
        // A shim of an agent that died in the middle of a start may have come to life since.
        if let Some(run) = find(&self.dir, &self.site.binary).await {
            return self.attach(run);
        }
        if let Err(refusal) = self.launch().await {
            tracing::warn!(instance = self.id, %refusal, "cannot be started again");
            self.kept.last_exit = Some(format!("did not start: {refusal}"));
            let pause = self.backoff.crashed_after(Duration::ZERO);
            self.phase = Phase::Waiting(tokio::time::Instant::now() + pause);
            self.publish();
            self.keep_or_warn();
        }
    }
}
