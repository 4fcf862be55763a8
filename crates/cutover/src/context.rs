//! What every command is given: where things are, who is asked, and the printer.

use std::future::Future;
use std::path::{Path, PathBuf};

use agent::client::Client;
use agent::launch::Started;

use crate::cli::Globals;
use crate::environment::Environment;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::Printer;
use crate::settings::{
    self, DEFAULT_ENVIRONMENT, Loaded, Name, Origin, Request, Resolved, Sections, SettingsError,
};

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Context {
    /// The directory of everything we keep.
    pub(crate) home: PathBuf,
    /// The options that every command takes.
    pub(crate) globals: Globals,
    /// The environment variables.
    pub(crate) environment: Environment,
    /// The owner of stdout and stderr.
    pub(crate) printer: Printer,
}

impl Context {
    /// Gathers the surroundings.
    pub(crate) fn new(globals: Globals, environment: Environment, printer: Printer) -> Self {
        let is_root = rustix::process::geteuid().is_root();
        let home = environment.cutover_home(is_root);
        Self {
            // Other processes get this path, and they have another working directory.
            home: std::path::absolute(&home).unwrap_or(home),
            globals,
            environment,
            printer,
        }
    }

    /// The agent's directory.
    pub(crate) fn agent_home(&self) -> PathBuf {
        self.home.join("agent")
    }

    /// Where packed artifacts are kept.
    pub(crate) fn artifacts_dir(&self) -> PathBuf {
        self.home.join("artifacts")
    }

    /// Where the signing keys are kept.
    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.home.join("keys")
    }

    /// The settings in force; `flags` are what the command line says, over all else.
    pub(crate) fn settings(&self, flags: Sections) -> Result<Resolved, Failure> {
        let loaded = self.load_settings()?;
        let service = if loaded.names_service() {
            None
        } else {
            self.service_of_project(loaded.dir())?
        };
        let request = Request {
            environment: self.environment_name()?,
            service,
        };
        Ok(loaded.resolve(request, flags)?)
    }

    /// The environment to act on, and where its name comes from.
    pub(crate) fn environment_name(&self) -> Result<(Name, Origin), SettingsError> {
        let flag = self
            .globals
            .environment
            .as_deref()
            .map(|name| (name, "--environment"));
        let variable = self.environment.environment.as_deref();
        let variable = variable.map(|name| (name, crate::environment::CUTOVER_ENV));
        let (text, origin) = match flag.or(variable) {
            Some((text, name)) => (text, Origin::Named(name.to_owned())),
            None => (DEFAULT_ENVIRONMENT, Origin::Default),
        };
        let name = Name::try_from(text.to_owned());
        let name = name.map_err(|message| SettingsError::Named {
            name: origin.to_string(),
            message,
        })?;
        Ok((name, origin))
    }

    fn load_settings(&self) -> Result<Loaded, Failure> {
        let given = self
            .globals
            .config
            .as_deref()
            .or(self.environment.config.as_deref());
        let path = settings::find(given, &current_dir()?)?;
        let shown = self.shown(&path)?;
        Ok(settings::load(&path, &shown)?)
    }

    /// A path as people want to read it: relative where it is below the working directory.
    pub(crate) fn shown(&self, path: &Path) -> Result<String, Failure> {
        let here = current_dir()?;
        let shown = path.strip_prefix(&here).unwrap_or(path);
        Ok(shown.display().to_string())
    }

    /// The application of the Mix project, as the service's name.
    fn service_of_project(&self, dir: &Path) -> Result<Option<(Name, Origin)>, Failure> {
        let progress = self
            .printer
            .progress("asking Mix for the name of the application");
        let project = project::inspect(dir, "prod")?;
        progress.done("");
        let name = project.name().and_then(|name| Name::of_project(&name));
        Ok(name.map(|name| (name, Origin::Named("mix.exs".to_owned()))))
    }

    /// A client of the agent of this machine, which is started first if it does not run; says so then.
    pub(crate) async fn agent(&self) -> Result<Client, Failure> {
        self.agent_at(&self.agent_home(), None).await
    }

    /// As [`Context::agent`], for an agent of this machine that stands for a host of that name.
    pub(crate) async fn agent_at(
        &self,
        home: &Path,
        name: Option<&str>,
    ) -> Result<Client, Failure> {
        let (client, started) = agent::launch::ensure_named(home, name, &binary()?).await?;
        if started == Started::New {
            self.printer.note(&format!(
                "started the agent in {}; it goes on after this command",
                home.display()
            ));
        }
        Ok(client)
    }

    /// Runs a future to its end on this thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .or_fail_with(Kind::Other, || "cannot start the event loop".to_owned())?;
        Ok(runtime.block_on(future))
    }
}

/// The working directory.
pub(crate) fn current_dir() -> Result<PathBuf, Failure> {
    std::env::current_dir().or_fail_with(Kind::Other, || {
        "cannot tell the working directory".to_owned()
    })
}

/// The path of this very program, for the processes that it starts.
pub(crate) fn binary() -> Result<PathBuf, Failure> {
    std::env::current_exe().or_fail_with(Kind::Other, || {
        "cannot tell the path of this program".to_owned()
    })
}
