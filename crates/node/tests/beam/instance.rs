//! A real node with an epmd of its own, ended by process id.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use node::{Bounds, Cookie, Door, NodeName, Target};

pub(crate) const COOKIE: &str = "COOKIE-OF-THESE-TESTS";

/// Ends its process when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a killed child ends");
    }
}

/// A running node.
pub(crate) struct Instance {
    node: Ended,
    _epmd: Ended,
    epmd_port: u16,
    name: NodeName,
    _dir: tempfile::TempDir,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts an epmd and waits until it listens. Another process may take the free port first.
fn epmd() -> (Ended, u16) {
    for _ in 0..20 {
        let port = free_port();
        let mut epmd = Ended(
            Command::new("epmd")
                .args(["-port", &port.to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("epmd is installed (script/setup)"),
        );
        while epmd.0.try_wait().unwrap().is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return (epmd, port);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    panic!("no epmd starts");
}

impl Instance {
    /// Starts a node that evaluates `code` first, with the modules at hand whose sources are given.
    pub(crate) fn start(modules: &[(&str, &str)], code: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (module, source) in modules {
            std::fs::write(dir.path().join(format!("{module}.erl")), source).unwrap();
        }
        if !modules.is_empty() {
            let compiled = Command::new("erlc")
                .args(modules.iter().map(|(module, _)| format!("{module}.erl")))
                .current_dir(dir.path())
                .status()
                .unwrap();
            assert!(compiled.success());
        }
        let (epmd, epmd_port) = epmd();
        let name = NodeName::new("shop_1@localhost").unwrap();
        let mut node = Ended(
            Command::new("erl")
                .args(["-sname", name.as_str(), "-setcookie", COOKIE])
                .args(["-noinput", "-boot", "start_sasl", "-eval"])
                .arg(format!("{code} io:put_chars(\"ready\\n\")."))
                .env("ERL_EPMD_PORT", epmd_port.to_string())
                .env("ERL_CRASH_DUMP_SECONDS", "0")
                .current_dir(dir.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("erl is installed (script/setup)"),
        );
        let output = BufReader::new(node.0.stdout.take().unwrap());
        let (ready, started) = std::sync::mpsc::channel();
        // Reads on, so that the node never waits for its output to be taken.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line == "ready" && ready.send(()).is_err() {
                    return;
                }
            }
        });
        started.recv().expect("the node starts");
        Self {
            node,
            _epmd: epmd,
            epmd_port,
            name,
            _dir: dir,
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target::local(self.name.clone(), Cookie::new(COOKIE), self.epmd_port)
    }

    pub(crate) fn epmd_port(&self) -> u16 {
        self.epmd_port
    }

    /// The port that the node itself listens on.
    pub(crate) fn port(&self) -> u16 {
        let names = Command::new("epmd")
            .args(["-port", &self.epmd_port.to_string(), "-names"])
            .output()
            .unwrap();
        let names = String::from_utf8(names.stdout).unwrap();
        let (_, port) = names.split_once("name shop_1 at port ").unwrap();
        port.trim().parse().unwrap()
    }

    pub(crate) fn with_door(&self, door: Door) -> Target {
        Target {
            door,
            ..self.target()
        }
    }

    /// Kills the node as a host would.
    pub(crate) fn kill(&mut self) {
        self.node.0.kill().unwrap();
    }
}

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const BOUNDS: Bounds = Bounds {
    within: PATIENCE,
    result_bytes_max: 1 << 20,
};
