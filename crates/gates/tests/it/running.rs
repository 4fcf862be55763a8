//! A Prometheus that runs for one test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use sys::file::{Access, write_atomic};

/// How long a start may take on a machine with much else to do.
const START_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    child: Child,
    /// Host and port it listens on.
    pub(crate) authority: String,
    _home: tempfile::TempDir,
}

impl Running {
    /// Starts one that reads `target` five times a second.
    pub(crate) fn reading(target: std::net::SocketAddr) -> Self {
        Self::start(
            &format!(
                "global: {{scrape_interval: 200ms}}\n\
                 scrape_configs:\n\
                 - {{job_name: test, static_configs: [{{targets: ['{target}']}}]}}\n"
            ),
            None,
        )
    }

    /// Starts one that speaks TLS and knows the user `reader` with the password `only for tests`.
    pub(crate) fn secured() -> Self {
        let tls = tls_dir();
        // bcrypt, with the least cost there is.
        let hash = "$2b$04$abcdefghijklmnopqrstuursBJVjwtkucQ.GLo5l86wMxN0hcKTyu";
        let web = format!(
            "tls_server_config: {{cert_file: '{0}/server.pem', key_file: '{0}/server.key'}}\n\
             basic_auth_users: {{reader: '{hash}'}}\n",
            tls.display()
        );
        Self::start("{}\n", Some(&web))
    }

    fn start(config: &str, web: Option<&str>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let flag = |name: &str, path: PathBuf| format!("--{name}={}", path.display());
        write_atomic(&at("config.yml"), config.as_bytes(), Access::Private).unwrap();
        let mut command = sys::process::command("prometheus");
        command
            .arg(flag("config.file", at("config.yml")))
            .arg(flag("storage.tsdb.path", at("data")))
            .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(web) = web {
            write_atomic(&at("web.yml"), web.as_bytes(), Access::Private).unwrap();
            command.arg(flag("web.config.file", at("web.yml")));
        }
        let mut child = command
            .spawn()
            .expect("prometheus is there: script/setup installs it");
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        // Reads to the end, so that it never blocks on a full pipe.
        std::thread::spawn(move || {
            let (mut authority, mut log) = (None, String::new());
            for line in lines.map_while(Result::ok) {
                let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                let message = entry["msg"].as_str().unwrap_or_default();
                if message == "Listening on" {
                    authority = entry["address"].as_str().map(str::to_owned);
                }
                log.push_str(&line);
                log.push('\n');
                if message.starts_with("Server is ready") {
                    tell.send(authority.take().ok_or_else(|| log.clone())).ok();
                }
            }
            tell.send(Err(log)).ok();
        });
        let started = told.recv_timeout(START_TIMEOUT);
        let mut running = Self {
            child,
            authority: String::new(),
            _home: home,
        };
        running.authority = started
            .expect("prometheus starts in time")
            .unwrap_or_else(|log| panic!("prometheus does not start:\n{log}"));
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) fn tls_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls")
}
