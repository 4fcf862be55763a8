//! Commands run at most once each, such as a migration: of the launcher, or any other.
//!
//! What is asked for is on disk before it begins. The command runs under a shim of its own, so its end is
//! known even where the agent was gone meanwhile; only where the shim was killed as well, or the machine
//! went down, its outcome is unknown, and it is never begun again. Old ones are forgotten in the end: see
//! [`pruning`].

mod pruning;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use host::shim::{self, Directory, Launch, LogLimits, StartError};
use sys::file::FileError;

use crate::api::v1::{Run as Asked, RunStatus};
use crate::home;
use crate::instance::{Instance, Instances, Run, Site, What, check_words, find, variables};
use crate::name;
use crate::refusal::{Refusal, blocking};

/// Each directory of a run has one run only.
const THE_RUN: u64 = 1;
/// The end of the output that is told.
const OUTPUT_LINES: usize = 200;
const LOG: LogLimits = LogLimits {
    bytes_max: 8 * 1024 * 1024,
    files: 2,
};

/// The runs of this host.
#[derive(Debug)]
pub(crate) struct Runs {
    site: Arc<Site>,
    /// Held while a run is begun, so that no two begin the same.
    beginning: tokio::sync::Mutex<()>,
}

impl Runs {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            beginning: tokio::sync::Mutex::new(()),
        }
    }

    /// Begins a run, or tells of the one that was begun with that id.
    pub(crate) async fn begin(
        &self,
        id: &str,
        asked: Asked,
        instances: &Instances,
    ) -> Result<RunStatus, Refusal> {
        name::run(id)?;
        let _one = self.beginning.lock().await;
        let dir = self.dir(id);
        match home::read::<Asked>(&dir.path().join("run-asked.json"))? {
            Some(before) if before == asked => return self.status_of(&dir),
            Some(_) => {
                let message = format!("run {id} was begun with another command");
                return Err(Refusal::conflict("run_differs", message));
            }
            None => {}
        }
        if let Some(alone) = &asked.alone
            && self.is_under_way(id, alone)?
        {
            return Ok(RunStatus::Running);
        }
        let launch = if asked.words.is_empty() {
            of_launcher(&asked, &instances.get(&asked.instance)?)?
        } else {
            self.of_words(&asked, instances)?
        };
        self.prune().await;
        sys::file::create_private_dir(dir.path())?;
        dir.write_launch(&launch)?;
        home::write(&dir.path().join("run-asked.json"), &asked)?;
        sys::file::sync_dir(&self.site.home.runs())?;
        tracing::info!(run = id, instance = asked.instance, "begins");
        match shim::start(&self.site.binary, &dir).await {
            Ok(record) => self.watch(dir.clone(), Run::of(record)?, asked.timeout_ms),
            Err(error @ StartError::Spawn { .. }) => {
                // No shim, no command: it may be asked for again.
                host::root::remove(dir.path())?;
                return Err(error.into());
            }
            Err(error) => {
                forget_launch(&dir);
                say(&dir, &format!("[cutover] {error}\n"))?;
            }
        }
        self.status_of(&dir)
    }

    /// Says whether a run is under way whose id begins with this, as that of the one to begin does.
    fn is_under_way(&self, id: &str, alone: &str) -> Result<bool, Refusal> {
        let begins = |id: &str| id.strip_prefix(alone).is_some_and(|it| it.starts_with('-'));
        if alone.is_empty() || !begins(id) {
            let message = format!("the id of run {id} does not begin with `{alone}-`");
            return Err(Refusal::bad("bad_run", message));
        }
        let runs = self.site.home.runs();
        for entry in fs::read_dir(&runs).map_err(FileError::at("list", &runs))? {
            let path = entry.map_err(FileError::at("list", &runs))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(begins) && !pruning::has_ended(&Directory::new(&path))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets old runs. One that cannot be removed is no reason not to begin another.
    async fn prune(&self) {
        let runs = self.site.home.runs();
        let pruned = blocking(move || Ok(pruning::prune(&runs, pruning::RUNS_KEPT)?));
        if let Err(refusal) = pruned.await {
            tracing::warn!(%refusal, "old runs stay on disk");
        }
    }

    /// Any program: with all that belongs to the instance, or what is known without it.
    fn of_words(&self, asked: &Asked, instances: &Instances) -> Result<Launch, Refusal> {
        check_words("a run", &asked.words)?;
        if !asked.args.is_empty() {
            let message = "a run has either arguments of the launcher or words of its own";
            return Err(Refusal::bad("bad_run", message));
        }
        let (cwd, env) = match instances.get(&asked.instance) {
            Ok(instance) => {
                let scene = instance.scene()?;
                (scene.root(), scene.env()?)
            }
            Err(_) => {
                let mut env = self.site.bare_environment();
                env.extend(variables(&self.site.identity.name, &asked.instance)?);
                (self.site.home.dir().to_owned(), env)
            }
        };
        let program = host::command::program(&asked.words[0], &cwd);
        Ok(launch(program, &asked.words[1..], cwd, env, asked))
    }

    /// What became of a run.
    pub(crate) async fn status(&self, id: &str) -> Result<RunStatus, Refusal> {
        name::run(id)?;
        let _one = self.beginning.lock().await;
        let dir = self.dir(id);
        if home::read::<Asked>(&dir.path().join("run-asked.json"))?.is_none() {
            return Ok(RunStatus::Absent);
        }
        self.status_of(&dir)
    }

    /// Watches again what an agent before this one began.
    ///
    /// # Errors
    /// Where the directory cannot be listed. One run that cannot be read is left alone, and said.
    pub(crate) async fn resume(&self) -> Result<(), Refusal> {
        let runs = self.site.home.runs();
        for entry in fs::read_dir(&runs).map_err(FileError::at("list", &runs))? {
            let path = entry.map_err(FileError::at("list", &runs))?.path();
            if let Err(refusal) = self.take_up(Directory::new(&path)).await {
                tracing::error!(dir = %path.display(), %refusal, "a run is left alone");
            }
        }
        Ok(())
    }

    async fn take_up(&self, dir: Directory) -> Result<(), Refusal> {
        let asked = home::read::<Asked>(&dir.path().join("run-asked.json"))?;
        if let Some(asked) = asked
            && dir.exit_of(THE_RUN)?.is_none()
            && let Some(run) = find(&dir, &self.site.binary).await
        {
            let began = dir.record()?.map_or(0, |record| record.started_ms);
            let gone = sys::clock::now_ms().saturating_sub(began);
            self.watch(dir, run, asked.timeout_ms.saturating_sub(gone));
            return Ok(());
        }
        forget_launch(&dir);
        Ok(())
    }

    /// Kills a run that takes too long.
    fn watch(&self, dir: Directory, run: Run, left_ms: u64) {
        let binary = self.site.binary.clone();
        tokio::spawn(async move {
            let left = Duration::from_millis(left_ms);
            if tokio::time::timeout(left, ended(&dir, run, &binary))
                .await
                .is_ok()
            {
                return forget_launch(&dir);
            }
            let Some(run) = find(&dir, &binary).await else {
                return forget_launch(&dir);
            };
            run.kill().await;
            let exit = run.exit(&dir).await;
            tracing::warn!(dir = %dir.path().display(), exit, "a run took too long");
            forget_launch(&dir);
            let said = blocking(move || say(&dir, "[cutover] killed: it did not end in time\n"));
            if let Err(refusal) = said.await {
                tracing::warn!(%refusal, "the log of a run cannot be written");
            }
        });
    }

    fn dir(&self, id: &str) -> Directory {
        let path: PathBuf = self.site.home.runs().join(id);
        Directory::new(path)
    }

    fn status_of(&self, dir: &Directory) -> Result<RunStatus, Refusal> {
        // The lock first: a shim writes the exit before it lets go.
        let held = dir.try_lock()?.is_none();
        if let Some(exit) = dir.exit_of(THE_RUN)? {
            let Some(code) = exit.shell_code() else {
                return Ok(RunStatus::Unknown);
            };
            let (output, _) = host::log::tail(&dir.logs(), OUTPUT_LINES)?;
            return Ok(RunStatus::Finished {
                exit: code,
                output: String::from_utf8_lossy(&output).into_owned(),
            });
        }
        if held || dir.left_running().is_some() {
            return Ok(RunStatus::Running);
        }
        Ok(RunStatus::Unknown)
    }
}

/// A command of the launcher.
fn of_launcher(asked: &Asked, instance: &Instance) -> Result<Launch, Refusal> {
    let known = instance.launch()?;
    if !known.program.exists() {
        let message = format!("{} was never started here", asked.instance);
        return Err(Refusal::conflict("no_root", message));
    }
    Ok(launch(
        known.program,
        &asked.args,
        known.root,
        known.env,
        asked,
    ))
}

fn launch(
    program: PathBuf,
    args: &[String],
    cwd: PathBuf,
    mut env: BTreeMap<String, String>,
    asked: &Asked,
) -> Launch {
    env.extend(asked.env.clone());
    Launch {
        run: THE_RUN,
        program,
        args: args.to_vec(),
        cwd,
        env,
        log: LOG,
    }
}

/// Waits for the end of a run, also past the death of its shim.
async fn ended(dir: &Directory, mut run: Run, binary: &Path) {
    while run.ended().await == What::Shim {
        match find(dir, binary).await {
            Some(adopted) => run = adopted,
            None => return,
        }
    }
}

/// Removes the environment of a run that has ended: it may hold secrets. A shim that is to adopt a program
/// still needs it.
fn forget_launch(dir: &Directory) {
    if dir.left_running().is_none()
        && let Err(error) = dir.remove_launch()
    {
        tracing::warn!(%error, "the environment of a run stays on disk");
    }
}

fn say(dir: &Directory, line: &str) -> Result<(), Refusal> {
    host::log::Writer::open(&dir.logs(), LOG)?.write(line.as_bytes());
    Ok(())
}
