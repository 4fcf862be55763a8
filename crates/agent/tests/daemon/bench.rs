//! A host with a real agent, real shims, and releases that do as they are told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::api::v1::{HealthCheck, InstanceSpec, InstanceState, InstanceStatus};
use agent::client::{Client, Follow};
use agent::launch::{Started, ensure, ensure_named};
use rustix::process::Signal;
use serde_json::Value;
use sys::process::ProcessId;

pub(crate) const ONE: &str = "fake.test-1";
pub(crate) const TWO: &str = "fake.test-2";
pub(crate) const SERVICE: &str = "fake.test";

/// An example program of this crate, which cargo builds before the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let path = path.join("examples").join(name);
    assert!(
        path.exists(),
        "no {}: run with `cargo test -p agent`",
        path.display()
    );
    path
}

pub(crate) struct Bench {
    pub(crate) home: PathBuf,
    pub(crate) client: Client,
    pub(crate) temp: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::named(None).await
    }

    /// A host beside others on this machine.
    pub(crate) async fn named(name: Option<&str>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("agent");
        let daemon = example("daemon");
        let (client, started) = ensure_named(&home, name, &daemon).await.unwrap();
        assert_eq!(started, Started::New);
        Self { home, client, temp }
    }

    /// Takes charge of an agent that was started otherwise.
    pub(crate) fn around(temp: tempfile::TempDir, client: Client) -> Self {
        let home = temp.path().join("agent");
        Self { home, client, temp }
    }

    /// Puts a release into the store, as an import leaves it; returns its artifact id.
    pub(crate) fn fake(&self, vsn: &str) -> String {
        let manifest = release::Manifest {
            release: "fake".into(),
            vsn: vsn.into(),
            erts: "13.1".into(),
            otp: "25".into(),
            elixir: None,
            target: "x86_64-linux-gnu".into(),
            applications: vec![],
            consolidated: vec![],
            entries: vec![],
            sbom: release::manifest::Content::of(b"{}"),
        };
        let id = manifest.id().to_string();
        let dir = self.home.join("store").join(&id);
        let put = |path: String, bytes: &[u8]| {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            sys::file::write_atomic(&path, bytes, sys::file::Access::Shared).unwrap();
        };
        put("manifest.json".into(), &manifest.to_bytes());
        let start_erl = format!("13.1 {vsn}");
        put(
            "release/releases/start_erl.data".into(),
            start_erl.as_bytes(),
        );
        let rel =
            format!("{{release,{{\"fake\",\"{vsn}\"}},{{erts,\"13.1\"}},[{{kernel,\"8.5\"}}]}}.");
        put(format!("release/releases/{vsn}/fake.rel"), rel.as_bytes());
        fs::create_dir_all(dir.join("release/bin")).unwrap();
        fs::copy(example("fake_release"), dir.join("release/bin/fake")).unwrap();
        id
    }

    pub(crate) fn spec(&self, artifact: &str, slot: u32, env: &[(&str, &str)]) -> InstanceSpec {
        let mut env: BTreeMap<String, String> = env
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        env.insert("RELEASE_DISTRIBUTION".into(), "none".into());
        env.insert("FAKE_GATE".into(), self.gate().to_str().unwrap().into());
        env.insert("NOTES".into(), self.notes().to_str().unwrap().into());
        InstanceSpec {
            service: SERVICE.into(),
            artifact: artifact.into(),
            slot,
            node: "fake".into(),
            env,
            ports: BTreeMap::from([("PORT".into(), None)]),
            http_port: "PORT".into(),
            health: HealthCheck::Http {
                path: "/health".into(),
                timeout_ms: 5_000,
                host: None,
                statuses: vec![],
            },
            beam: None,
            hooks: vec![],
            stop_timeout_ms: 10_000,
            log_bytes_max: 100_000,
            log_files: 2,
        }
    }

    fn gate(&self) -> PathBuf {
        self.temp.path().join("gate")
    }

    /// Makes an instance crash, and keeps it from listening until the gate is opened.
    pub(crate) async fn crash(&self, instance: &InstanceStatus) {
        sys::file::write_atomic(&self.gate(), b"", sys::file::Access::Shared).unwrap();
        assert_eq!(get(instance.address, "/crash").await, None);
    }

    pub(crate) fn open_gate(&self) {
        fs::remove_file(self.gate()).unwrap();
    }

    pub(crate) fn notes(&self) -> PathBuf {
        self.temp.path().join("notes")
    }

    /// Starts slot 1 with a fresh release, and waits until it is up.
    pub(crate) async fn one(&self, env: &[(&str, &str)]) -> InstanceStatus {
        let spec = self.spec(&self.fake("1.0.0"), 1, env);
        self.client.start(ONE, &spec).await.unwrap();
        self.log_until(ONE, "up as").await;
        self.client.instance(ONE).await.unwrap()
    }

    pub(crate) async fn log_until(&self, id: &str, text: &str) -> String {
        let mut logs = self.client.logs(id, 1000, Follow::Yes).await.unwrap();
        let mut seen = String::new();
        let read = async {
            while !seen.contains(text) {
                let piece = logs.next().await.unwrap().unwrap();
                seen.push_str(std::str::from_utf8(&piece).unwrap());
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(60), read).await;
        assert!(done.is_ok(), "no {text:?} in the log of {id}: {seen:?}");
        seen
    }

    pub(crate) async fn until(
        &self,
        id: &str,
        holds: impl Fn(&InstanceStatus) -> bool,
    ) -> InstanceStatus {
        let mut status = self.client.instance(id).await.unwrap();
        for _ in 0..3_000 {
            if holds(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            status = self.client.instance(id).await.unwrap();
        }
        panic!("{id} stays as it is: {status:?}");
    }

    pub(crate) async fn until_state(&self, id: &str, state: InstanceState) -> InstanceStatus {
        self.until(id, |status| status.state == state).await
    }

    pub(crate) fn agent(&self) -> ProcessId {
        identity(&self.home.join("agent.json"), &[]).unwrap()
    }

    /// Kills the agent, and starts another.
    pub(crate) async fn new_agent(&self) {
        self.kill_agent().await;
        let (_, started) = ensure(&self.home, &example("daemon")).await.unwrap();
        assert_eq!(started, Started::New);
    }

    pub(crate) async fn kill_agent(&self) {
        let agent = self.agent();
        let ended = host::process::Ended::of(&agent).unwrap();
        assert!(agent.signal(Signal::KILL));
        ended.wait().await;
    }

    /// What a shim wrote down of an instance: `shim` or `process`.
    pub(crate) fn recorded(&self, id: &str, which: &str) -> ProcessId {
        identity(
            &self.home.join("instances").join(id).join("run.json"),
            &[which],
        )
        .unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // The agent first, lest it starts anew what ends; then all whose arguments name this home.
        if let Some(agent) = identity(&self.home.join("agent.json"), &[]) {
            agent.signal(Signal::KILL);
        }
        let mut left = vec![];
        for group in ["instances", "runs"] {
            for dir in fs::read_dir(self.home.join(group))
                .into_iter()
                .flatten()
                .flatten()
            {
                left.extend(identity(&dir.path().join("run.json"), &["process"]));
            }
        }
        let home = self.home.to_str().unwrap();
        left.extend(
            host::process::all()
                .filter(|pid| names(*pid, home))
                .filter_map(ProcessId::of),
        );
        for process in left {
            process.signal(Signal::KILL);
        }
        let instances = self.home.join("instances");
        if host::root::remove(&instances).is_err() {
            fs::remove_dir_all(&instances).unwrap_or_default();
        }
    }
}

/// Whether the arguments of a process name a path.
fn names(pid: i32, path: &str) -> bool {
    fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| String::from_utf8_lossy(&line).contains(path))
}

fn identity(path: &Path, below: &[&str]) -> Option<ProcessId> {
    let mut value: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    for name in below {
        value = value.get(*name)?.clone();
    }
    serde_json::from_value(value).ok()
}

/// Asks an instance for a path, past the proxy; returns status and body.
pub(crate) async fn get(address: std::net::SocketAddr, path: &str) -> Option<(u16, String)> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
