//! A real Prometheus that runs for one test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Prometheus {
    child: Child,
    url: String,
    _home: TempDir,
}

impl Prometheus {
    /// Starts one that reads `target` every second.
    pub(crate) fn reading(target: SocketAddr) -> Self {
        let home = tempfile::Builder::new().prefix("cp-").tempdir().unwrap();
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
             - {{job_name: test, static_configs: [{{targets: ['{target}']}}]}}\n"
        );
        let path = home.path().join("config.yml");
        fs::write(&path, config).unwrap();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                home.path().join("data").display()
            ))
            .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus is there: script/setup installs it");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut url = None;
        for line in lines.by_ref().map_while(Result::ok) {
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            let message = entry["msg"].as_str().unwrap_or_default();
            if message == "Listening on" {
                url = entry["address"].as_str().map(|at| format!("http://{at}"));
            }
            if message.starts_with("Server is ready") {
                break;
            }
        }
        // Read to the end, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self {
            child,
            url: url.expect("prometheus starts"),
            _home: home,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
