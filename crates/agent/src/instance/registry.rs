//! All instances of the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use host::shim::Directory;
use sys::file::FileError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::actor::{Actor, Phase};
use super::backoff::Backoff;
use super::{Command, Instance, Kept, Life, Notice, Place, Site, kept, prepare};
use crate::api::v1::{InstanceSpec, InstanceState, InstanceStatus};
use crate::health::{self, Checker};
use crate::name;
use crate::refusal::Refusal;

/// Commands that may wait for one instance.
const COMMANDS_WAITING_MAX: usize = 64;

/// All instances, by id.
#[derive(Debug)]
pub(crate) struct Instances {
    site: Arc<Site>,
    notices: mpsc::UnboundedSender<Notice>,
    all: Mutex<BTreeMap<String, Instance>>,
    /// Those on disk whose files cannot be read; nobody looks after them.
    left_alone: Mutex<BTreeMap<String, Directory>>,
}

/// An instance whose tasks do not run yet.
struct Newborn {
    actor: Actor,
    commands: mpsc::Receiver<Command>,
    life: watch::Receiver<Life>,
    verdict: watch::Sender<Option<bool>>,
    checker: Arc<Checker>,
}

impl Newborn {
    /// Lets it live. Its health is watched from now on only: until an instance is adopted, that its process
    /// is not seen means nothing.
    fn live(self) {
        let (id, notices) = (self.actor.id.clone(), self.actor.notices.clone());
        let watch = health::watch(id, self.checker, self.life, self.verdict, notices);
        tokio::spawn(watch);
        tokio::spawn(self.actor.live(self.commands));
    }
}

impl Instances {
    pub(crate) fn new(site: Arc<Site>, notices: mpsc::UnboundedSender<Notice>) -> Self {
        Self {
            site,
            notices,
            all: Mutex::default(),
            left_alone: Mutex::default(),
        }
    }

    /// Takes up every instance on disk; returns once each that runs is adopted. A stop that was begun
    /// goes on after that.
    ///
    /// # Errors
    /// Where the directory cannot be listed. One instance that cannot be read is left alone, and said.
    pub(crate) async fn resume(&self) -> Result<(), FileError> {
        let dir = self.site.home.instances();
        let mut resumed = JoinSet::new();
        for entry in fs::read_dir(&dir).map_err(FileError::at("list", &dir))? {
            let entry = entry.map_err(FileError::at("list", &dir))?;
            let Ok(id) = entry.file_name().into_string() else {
                continue;
            };
            let (spec, state) = match kept::read(&entry.path()) {
                Ok(Some(both)) => both,
                Ok(None) => {
                    self.leave_alone(id, &entry.path());
                    continue;
                }
                Err(error) => {
                    tracing::error!(instance = id, %error, "cannot be taken up; it is left alone");
                    self.leave_alone(id, &entry.path());
                    continue;
                }
            };
            self.site.ports.remember(&id, &state.ports);
            let (instance, mut newborn) = self.make(&id, entry.path(), Some(spec), state);
            self.insert(instance);
            resumed.spawn(async move {
                newborn.actor.resume().await;
                newborn.live();
            });
        }
        while resumed.join_next().await.is_some() {}
        Ok(())
    }

    /// Starts an instance; makes it known if it is not.
    pub(crate) async fn start(
        &self,
        id: &str,
        spec: InstanceSpec,
    ) -> Result<InstanceStatus, Refusal> {
        prepare::check(id, &spec)?;
        let instance = match self.find(id) {
            Some(instance) => instance,
            None => self.create(id)?,
        };
        let started = instance.start(spec).await;
        // One that was refused before it was ever written down leaves nothing.
        if started.is_err()
            && !instance.is_known()
            && let Err(refusal) = self.remove(id).await
        {
            tracing::warn!(instance = id, %refusal, "something of it stays");
        }
        started
    }

    /// Removes a stopped instance.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), Refusal> {
        name::instance(id)?;
        let Some(instance) = self.find(id) else {
            return Ok(());
        };
        instance.remove().await?;
        self.locked().remove(id);
        Ok(())
    }

    /// Finds an instance that was told what to run.
    pub(crate) fn get(&self, id: &str) -> Result<Instance, Refusal> {
        self.find(id)
            .filter(Instance::is_known)
            .ok_or_else(|| Refusal::unknown("unknown_instance", format!("no instance {id}")))
    }

    pub(crate) fn all(&self) -> Vec<Instance> {
        let all = self.locked();
        all.values().filter(|i| i.is_known()).cloned().collect()
    }

    /// Whether an instance that could not be taken up runs all the same. Blocks, for some reads of /proc.
    pub(crate) fn runs_unwatched(&self, id: &str) -> bool {
        let left_alone = self.left_alone.lock();
        let left_alone = left_alone.unwrap_or_else(PoisonError::into_inner);
        left_alone
            .get(id)
            .is_some_and(|dir| dir.left_running().is_some())
    }

    fn leave_alone(&self, id: String, path: &Path) {
        let left_alone = self.left_alone.lock();
        let mut left_alone = left_alone.unwrap_or_else(PoisonError::into_inner);
        left_alone.insert(id, Directory::new(path));
    }

    fn find(&self, id: &str) -> Option<Instance> {
        self.locked().get(id).cloned()
    }

    fn create(&self, id: &str) -> Result<Instance, Refusal> {
        let path = self.site.home.instances().join(id);
        sys::file::create_private_dir(&path)?;
        let mut all = self.locked();
        if let Some(instance) = all.get(id) {
            return Ok(instance.clone());
        }
        let (instance, newborn) = self.make(id, path, None, Kept::nothing());
        newborn.live();
        all.insert(id.to_owned(), instance.clone());
        Ok(instance)
    }

    fn make(
        &self,
        id: &str,
        path: PathBuf,
        spec: Option<InstanceSpec>,
        kept: Kept,
    ) -> (Instance, Newborn) {
        let spec = spec.map(Arc::new);
        let place = Arc::new(Place {
            site: self.site.clone(),
            id: id.to_owned(),
            dir: path.clone(),
        });
        let checker = Arc::new(Checker::default());
        let (life, life_seen) = watch::channel(Life {
            place: place.clone(),
            spec: spec.clone(),
            kept: kept.clone(),
            state: InstanceState::Stopped,
            process: None,
        });
        let (verdict, verdict_seen) = watch::channel(None);
        let (commands, received) = mpsc::channel(COMMANDS_WAITING_MAX);
        let instance = Instance {
            id: id.to_owned(),
            place: place.clone(),
            commands,
            life: life_seen,
            verdict: verdict_seen,
            checker: checker.clone(),
            looker: Arc::default(),
        };
        let actor = Actor {
            id: id.to_owned(),
            dir: Directory::new(&path),
            path,
            place,
            checker: checker.clone(),
            site: self.site.clone(),
            notices: self.notices.clone(),
            life,
            spec,
            kept,
            phase: Phase::Idle,
            backoff: Backoff::default(),
            rise: None,
        };
        let newborn = Newborn {
            actor,
            commands: received,
            life: instance.life.clone(),
            verdict,
            checker,
        };
        (instance, newborn)
    }

    fn insert(&self, instance: Instance) {
        self.locked().insert(instance.id.clone(), instance);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instance>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
