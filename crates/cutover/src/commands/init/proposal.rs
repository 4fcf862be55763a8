//! The settings proposed for a project, and what led to them. Pure: a project in, text out.

use std::fmt::Write;

use project::{Project, Which};

use crate::settings::Name;

/// Proposed settings.
#[derive(Debug)]
pub(crate) struct Proposal {
    service: Name,
    text: String,
    findings: Vec<String>,
}

/// Variables that cutover itself hands to an instance.
const OURS: [&str; 3] = ["PORT", "RELEASE_NODE", "RELEASE_COOKIE"];

impl Proposal {
    /// Proposes settings for a release of a project.
    ///
    /// # Errors
    /// With the project's name, where it cannot be a service's.
    pub(super) fn of(project: &Project, release: &Which) -> Result<Self, String> {
        let name = project
            .app
            .clone()
            .unwrap_or_else(|| release.name().to_owned());
        let service = Name::of_project(&name).ok_or(name)?;
        let mut writer = Writer::default();
        writer.head(&service, project, release);
        writer.env_file(project);
        writer.build(project);
        writer.env(project);
        writer.ports(project);
        writer.health(project);
        writer.proxy();
        writer.deploy(project);
        Ok(Self {
            service,
            text: writer.text,
            findings: writer.findings,
        })
    }

    /// The service's name.
    pub(super) fn service(&self) -> &str {
        self.service.as_str()
    }

    /// The text of cutover.toml.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What was found, a line each.
    pub(super) fn findings(&self) -> &[String] {
        &self.findings
    }
}

#[derive(Debug, Default)]
struct Writer {
    text: String,
    findings: Vec<String>,
}

impl Writer {
    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(self.text, "{line}");
    }

    fn found(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    fn head(&mut self, service: &Name, project: &Project, release: &Which) {
        self.line("# Settings of cutover. Every key has a default; `cutover config` shows the ones in force and");
        self.line("# where each comes from. Durations are written \"10s\", \"5m\" or \"1h\".");
        self.line("");
        self.line(&format!("service = \"{service}\""));
        if project.releases.len() > 1 {
            let names: Vec<&str> = project.releases.iter().map(|r| r.name.as_str()).collect();
            self.line(&format!(
                "release = \"{}\"  # of {}",
                release.name(),
                names.join(", ")
            ));
            self.found(format!(
                "release: {} (of {})",
                release.name(),
                names.join(", ")
            ));
        } else {
            self.found(format!("release: {}", release.name()));
        }
    }

    fn env_file(&mut self, project: &Project) {
        self.line("# A file of NAME=value lines for secrets; keep it out of version control.");
        self.line("# env_file = \".env.production\"");
        let missing = asked_for(project);
        if !missing.is_empty() {
            self.found(format!(
                "config/runtime.exs asks for {}: set them in [env] or in an env file",
                missing.join(", ")
            ));
        }
    }

    fn build(&mut self, project: &Project) {
        if !project.aliases.iter().any(|alias| alias == "assets.deploy") {
            return;
        }
        self.line("");
        self.line("[build]");
        self.line("before = [\"mix assets.deploy\"]");
        self.found("assets: `mix assets.deploy` runs before the release is built");
    }

    fn env(&mut self, project: &Project) {
        let asked = asked_for(project);
        if asked.is_empty() && !project.is_phoenix() {
            return;
        }
        self.line("");
        self.line("# Handed to every instance.");
        self.line("[env]");
        if project.is_phoenix() {
            self.line("PHX_SERVER = \"true\"  # without it Phoenix opens no port");
            self.line(
                "# PHX_HOST = \"shop.example.com\"  # the host name in the URLs that Phoenix makes",
            );
            self.found("Phoenix: PHX_SERVER is set; set PHX_HOST to the public host name");
        }
        for name in asked.iter().filter(|name| name.as_str() != "PHX_HOST") {
            let how = match name.as_str() {
                "SECRET_KEY_BASE" => ", from `mix phx.gen.secret`; better in the env file",
                "DATABASE_URL" => {
                    ", such as ecto://USER:PASS@HOST/DATABASE; better in the env file"
                }
                _ => "",
            };
            self.line(&format!(
                "# {name} = \"\"  # config/runtime.exs asks for it{how}"
            ));
        }
    }

    fn ports(&mut self, project: &Project) {
        self.line("");
        self.line("# Each instance gets a free port in this variable, so that two versions can run at once.");
        self.line("[ports]");
        let read = |name: &&String| name.as_str() == "PORT" || name.ends_with("_PORT");
        let mut names: Vec<&String> = project.variables_read.iter().filter(read).collect();
        names.sort_by_key(|name| name.as_str() != "PORT");
        match names.first() {
            Some(name) => {
                self.line(&format!("{name} = \"auto\""));
                self.found(format!("port: {name}, which config/runtime.exs reads"));
            }
            None => {
                self.line("PORT = \"auto\"  # nothing in config/runtime.exs reads it yet: the server must listen on it");
                self.found("port: make the server listen on System.fetch_env!(\"PORT\") in config/runtime.exs");
            }
        }
    }

    fn health(&mut self, project: &Project) {
        self.line("");
        self.line("# An instance is healthy when this path answers 2xx, or, without a path, when it accepts connections.");
        self.line("[health]");
        match (&project.health_route, &project.health_guess) {
            (Some(found), _) => {
                self.line(&format!(
                    "path = \"{}\"  # a route of {}",
                    found.path, found.file
                ));
                self.found(format!(
                    "health: GET {}, a route of {}",
                    found.path, found.file
                ));
            }
            (None, Some(guess)) => {
                self.line(&format!(
                    "# path = \"{}\"  # written in {}; take the `#` away if it is one",
                    guess.path, guess.file
                ));
                self.found(format!(
                    "health: a TCP connection; {} in {} looks like a health path: see [health]",
                    guess.path, guess.file
                ));
            }
            (None, None) => {
                self.line("# path = \"/health\"");
                self.found("health: a TCP connection; a path that answers 2xx would tell more");
            }
        }
    }

    fn proxy(&mut self) {
        self.line("");
        self.line("# Where clients connect.");
        self.line("[proxy]");
        self.line("listen = \"0.0.0.0:8080\"");
        self.line(
            "# hosts = [\"shop.example.com\"]  # without any, every host name is the service's",
        );
    }

    fn deploy(&mut self, project: &Project) {
        self.line("");
        self.line("[deploy]");
        match (project.ecto_repos.is_empty(), project.migrations.first()) {
            (_, Some(module)) => {
                self.line("# Run once, by the new version, before it gets traffic. A rollback does not undo it.");
                self.line(&format!("release_command = \"eval '{module}.migrate()'\""));
                self.found(format!(
                    "migrations: {module}.migrate() runs before the new version gets traffic"
                ));
            }
            (false, None) => {
                self.line(
                    "# No module has a migrate/0 yet; `mix phx.gen.release --ecto` makes one.",
                );
                self.line("# release_command = \"eval 'MyApp.Release.migrate()'\"");
                self.found(format!(
                    "migrations: {} needs a module with migrate/0; `mix phx.gen.release --ecto` makes one",
                    project.ecto_repos.join(", ")
                ));
            }
            (true, None) => {}
        }
        self.line("# How long the old version is kept running, for an instant `cutover rollback`.");
        self.line("rollback_window = \"1h\"");
    }
}

/// The variables that somebody must give a value.
fn asked_for(project: &Project) -> Vec<String> {
    let given = |name: &&String| !OURS.contains(&name.as_str()) && !name.ends_with("_PORT");
    project
        .variables_required
        .iter()
        .filter(given)
        .cloned()
        .collect()
}
