//! The daemon: one for a home.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proxy::control::client::Client;
use sys::file::FileError;
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::agent::Agent;
use crate::farewell::{self, Going};
use crate::home::{Home, HomeError};
use crate::http;
use crate::identity::{Identity, IdentityError};
use crate::instance::{Instances, Site};
use crate::launch::{FAILED, READY};
use crate::ledger_door::LedgerDoor;
use crate::orders::Orders;
use crate::proxy_keeper::{Keeper, Started};
use crate::runs::Runs;
use crate::services::Services;
use crate::tokens::Tokens;

/// Threads that run tasks; what blocks has others.
const THREADS: usize = 2;
/// Time for the last answers to go out.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the daemon is told at its start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The agent's directory, `HOME/agent`.
    pub home: PathBuf,
    /// The program that it starts shims and the proxy with: this very binary.
    pub binary: PathBuf,
    /// What the host is called, where several agents of one machine stand for hosts; kept in the home.
    /// Without one the name given before holds, or that of the machine.
    pub name: Option<String>,
}

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Its host cannot be called so.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// What runs could not be taken up.
    #[error("what runs on this host cannot be taken up: {0}")]
    Resume(String),
    /// The system refused something.
    #[error("the agent cannot {operation}: {source}")]
    System {
        /// What was attempted.
        operation: &'static str,
        /// The system's own error.
        source: io::Error,
    },
}

/// Runs the daemon until SIGTERM, SIGINT or `POST /v1/agent/stop`; blocks. Instances and proxy go on.
///
/// Where its events are logged is for the caller to say, who sets up a `tracing` subscriber before. Once
/// its socket is open it prints the line `ready`; if it cannot start, a line `error: …`.
///
/// # Errors
/// Where it cannot start; nothing but the proxy is running then that was not running before.
pub fn run(options: Options) -> Result<(), Error> {
    let result = enter(options);
    if let Err(error) = &result {
        say(&format!("{FAILED}{error}"));
    }
    result
}

fn enter(options: Options) -> Result<(), Error> {
    if !io::stdin().is_terminal() {
        // Started by another program: a session of its own, so that it outlives that one's terminal.
        // Refused to a group's leader, who has what is needed.
        let _session = rustix::process::setsid();
    }
    let home =
        Home::new(std::path::absolute(&options.home).map_err(|e| system("find its directory", e))?);
    let _hold = home.take()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|e| system("start its threads", e))?;
    let result = runtime.block_on(live(home, options));
    runtime.shutdown_background();
    result
}

async fn live(home: Home, options: Options) -> Result<(), Error> {
    let handled = |kind| signal(kind).map_err(|e| system("handle signals", e));
    let mut terminate: Signal = handled(SignalKind::terminate())?;
    let mut interrupt: Signal = handled(SignalKind::interrupt())?;
    let _hangup_is_ignored: Signal = handled(SignalKind::hangup())?;
    let agent = assemble(home, options.binary, options.name).await?;
    let listener = listen(&agent.home)?;
    let serving = tokio::spawn(http::serve(listener, agent.clone()));
    tracing::info!(pid = std::process::id(), home = %agent.home.dir().display(), "ready");
    say(READY);
    let mut told = agent.going.subscribe();
    let going = tokio::select! {
        _ = terminate.recv() => Going::Alone,
        _ = interrupt.recv() => Going::Alone,
        told = told.wait_for(Option::is_some) => told.ok().and_then(|told| *told).unwrap_or(Going::Alone),
    };
    if going == Going::WithEverything {
        farewell::end_everything(&agent).await;
    }
    serving.abort();
    if fs::remove_file(agent.home.socket()).is_err() {
        tracing::debug!("the socket was gone");
    }
    tokio::time::sleep(LAST_WORDS).await;
    tracing::info!(?going, "ended");
    Ok(())
}

/// Builds the agent and takes up everything that runs.
async fn assemble(home: Home, binary: PathBuf, name: Option<String>) -> Result<Arc<Agent>, Error> {
    let identity = Identity::of(&home, name.as_deref())?;
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    // Neither keeps what runs from being looked after: what they cannot answer for they refuse.
    let tokens = Tokens::open(home.file("tokens.json"));
    let ledger = LedgerDoor::open(home.file("ledger.db"));
    let site = Arc::new(Site::new(
        home.clone(),
        binary.clone(),
        identity,
        environment,
    ));
    let (notices, heard) = mpsc::unbounded_channel();
    let instances = Arc::new(Instances::new(site.clone(), notices));
    let runs = Runs::new(site.clone());
    if let Err(error) = release::unpack::remove_leftovers(&home.store()) {
        tracing::warn!(%error, "what an import left half done stays");
    }
    let resumed = |error: String| Error::Resume(error);
    let proxy = Client::of_home(&home.proxy());
    let (lives, lives_seen) = watch::channel(0);
    let services = Arc::new(Services::open(
        home.file("services.json"),
        instances.clone(),
        proxy.clone(),
        lives_seen,
    )?);
    let keeper = Keeper {
        binary,
        home: home.proxy(),
        client: proxy.clone(),
        lives,
        started: Started::default(),
    };
    let proxy_started = keeper.started.clone();
    // The proxy waits for nothing; what it is told of instances waits until they are known.
    let keeper = tokio::spawn(keeper.keep()).abort_handle();
    instances.resume().await?;
    tokio::spawn(services.clone().tend(heard));
    runs.resume().await.map_err(|e| resumed(e.to_string()))?;
    let (going, _) = watch::channel(None);
    Ok(Arc::new(Agent {
        home,
        site,
        started_ms: sys::clock::now_ms(),
        tokens,
        orders: Orders::default(),
        instances,
        services,
        runs,
        proxy,
        ledger: Arc::new(ledger),
        keeper,
        proxy_started,
        going,
    }))
}

/// Opens the socket, for its owner only: the directory is 0700 from before.
fn listen(home: &Home) -> Result<UnixListener, Error> {
    let path = home.socket();
    // The lock is held: a socket that is there is of an agent that died.
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::at("remove the old socket", path)(e).into());
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(FileError::at("open the socket", &path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .map_err(FileError::at("close to others", &path))?;
    Ok(listener)
}

/// Tells the one who waits for the start; one that is gone does not matter.
fn say(line: &str) {
    let mut out = io::stdout();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads what the agent says");
    }
}

fn system(operation: &'static str, source: io::Error) -> Error {
    Error::System { operation, source }
}
