//! Several agents of this machine that stand for hosts, for one test.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use serde_json::Value;
use sys::process::ProcessId;
use tempfile::TempDir;

use super::operator::CUTOVER;
use super::world::tail;
use super::{Clients, Load, Operator, Said, Version, get, shelf};

/// Hosts that are no fleet yet.
const FEW: usize = 2;

/// Two cores carry the nodes of one fleet at a time.
static TURN: Mutex<()> = Mutex::new(());

/// What deploys of the tests go by unless they say otherwise.
const USUAL: &str = r#"min_healthy_time = "300ms"
healthy_deadline = "30s"
watch = "1s"
drain_timeout = "10s"
sockets_per_second = 100
observe_after = "300ms"
orphan_timeout = "10s""#;

/// Hosts `a`, `b`, `c` …, the first one of which leads. What they started ends with them.
pub(crate) struct Fleet {
    dir: TempDir,
    operator: Operator,
    hosts: Vec<String>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Deref for Fleet {
    type Target = Operator;

    fn deref(&self) -> &Operator {
        &self.operator
    }
}

impl Fleet {
    /// Hosts without anything on them. `deploy` goes on in `[deploy]`, and may open further tables.
    pub(crate) fn new(hosts: usize, deploy: &str) -> Self {
        let turn = (hosts > FEW).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
        let dir = tempfile::Builder::new().prefix("cf-").tempdir().unwrap();
        let operator = Operator::new(dir.path().join("shop"), dir.path().join("home"));
        fs::create_dir_all(operator.project()).unwrap();
        let hosts: Vec<String> = ('a'..='z').take(hosts).map(String::from).collect();
        let fleet = Self {
            dir,
            operator,
            hosts,
            _turn: turn,
        };
        // The key that agents are to trust is made by the first build.
        shelf().spring();
        for host in &fleet.hosts {
            shelf().trust(&fleet.agent(host));
        }
        fleet.settings("shop", deploy);
        fleet
    }

    /// Writes the settings of a service of these hosts.
    pub(crate) fn settings(&self, service: &str, deploy: &str) {
        let homes = self.hosts.iter().map(|host| {
            let home = self.dir.path().join(host);
            format!(
                "[[hosts]]\nname = \"{host}\"\nhome = \"{}\"\n",
                home.display()
            )
        });
        let homes: String = homes.collect();
        let orders = self.orders();
        let is_given = |line: &&str| {
            let key = line.split(" = ").next().unwrap_or(line);
            deploy
                .lines()
                .any(|own| own.split(" = ").next() == Some(key))
        };
        let usual: Vec<&str> = USUAL.lines().filter(|line| !is_given(line)).collect();
        let usual = usual.join("\n");
        let settings = format!(
            r#"
service = "{service}"
release = "shop"
[env]
SHOP_ORDERS_FILE = "{}"
SHOP_JOBS_FILE = "{}"
[ports]
PORT = "auto"
[proxy]
listen = "127.0.0.1:0"
{homes}
[environments.test]
[health]
path = "/health"
interval = "100ms"
[deploy]
{usual}
{deploy}
"#,
            orders.display(),
            self.jobs().display(),
        );
        fs::write(self.project().join("cutover.toml"), settings).unwrap();
    }

    /// Replaces text in the settings, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, from: &str, to: &str) {
        super::world::edit(self.project(), "cutover.toml", from, to);
    }

    /// Where the shop writes orders down, on every host the same.
    pub(crate) fn orders(&self) -> PathBuf {
        self.dir.path().join("orders")
    }

    /// Where the shop writes its background work down.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.dir.path().join("jobs")
    }

    /// A path in the fleet's own directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn agent(&self, host: &str) -> PathBuf {
        self.dir.path().join(host).join("agent")
    }

    /// The arguments that deploy a version, which is brought to the operator first.
    pub(crate) fn deploy_args<'a>(&self, version: &'a Version, more: &[&'a str]) -> Vec<&'a str> {
        shelf().bring(version, self.home());
        let mut args = vec!["deploy", "--artifact", &version.artifact, "--json"];
        args.extend(more);
        args
    }

    /// Deploys a version to its end, whatever that is.
    pub(crate) fn deploy(&self, version: &Version) -> Said {
        self.run(&self.deploy_args(version, &[]))
    }

    /// Deploys a version that must be brought in; the receipt.
    #[track_caller]
    pub(crate) fn deployed(&self, version: &Version) -> Value {
        let said = self.deploy(version).expect_code(0);
        said.json()["receipt"].clone()
    }

    /// Where clients reach each host.
    pub(crate) fn urls(&self) -> Vec<String> {
        let status = self.status();
        let hosts = status["hosts"].as_array().unwrap().iter();
        hosts
            .map(|host| host["url"].as_str().expect("a URL").to_owned())
            .collect()
    }

    /// Clients on every proxy.
    pub(crate) fn clients(&self, load: &Load) -> Clients {
        Clients::start(&self.urls(), load)
    }

    /// The version that answers on every host; fails where they differ.
    #[track_caller]
    pub(crate) fn serving(&self) -> String {
        let urls = self.urls();
        let answers = urls.iter().map(|url| get(url, "/").expect("it answers"));
        let labels: Vec<String> = answers.map(|a| a.version().to_owned()).collect();
        assert!(labels.iter().all(|l| *l == labels[0]), "{labels:?}");
        labels[0].clone()
    }

    /// Reads the metrics of a host, as the one who exports them for a Prometheus does; nothing while it is
    /// not there.
    pub(crate) fn metrics_of(&self, host: &str) -> impl Fn() -> String + Send + 'static {
        let client = agent::client::Client::at_home(&self.agent(host));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        move || runtime.block_on(client.metrics()).unwrap_or_default()
    }

    /// Ends the agent of a host as a crash would, and returns when it is gone.
    pub(crate) fn kill_agent(&self, host: &str) {
        let pid = self.process_of(host);
        assert!(pid.signal(Signal::KILL));
        while pid.is_alive() {
            std::thread::yield_now();
        }
    }

    /// The agent's process, by its own word.
    fn process_of(&self, host: &str) -> ProcessId {
        let home = self.operator.with_home(self.dir.path().join(host));
        let info = home.ok(&["agent", "status", "--json"]).json();
        let pid = i32::try_from(info["pid"].as_i64().unwrap()).unwrap();
        ProcessId::of(pid).expect("the agent runs")
    }

    /// Starts the agent of a host again, where it does not run.
    pub(crate) fn start_agent(&self, host: &str) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let home = self.agent(host);
        let agent = agent::launch::ensure_named(&home, Some(host), CUTOVER.as_ref());
        runtime.block_on(agent).expect("the agent starts");
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for host in &self.hosts {
            let operator = self.operator.with_home(self.dir.path().join(host));
            let mut said = operator.run(&["agent", "stop", "--all"]);
            // Instances of an agent that was killed are ended by its successor.
            if said.status.code() == Some(9) && self.agent(host).join("host.json").exists() {
                self.start_agent(host);
                said = operator.run(&["agent", "stop", "--all"]);
            }
            if std::thread::panicking() {
                tail(&self.agent(host));
                eprintln!("── stop {host}: {said:#?}");
            }
        }
    }
}
