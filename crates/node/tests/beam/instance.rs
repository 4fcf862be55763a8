//! A real node with an epmd of its own, ended by process id.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use node::{Bounds, Cookie, Door, NodeName, Target};

const NAME: &str = "shop_1@localhost";
pub(crate) const COOKIE: &str = "COOKIE-OF-THESE-TESTS";

/// Ends its process when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a killed child ends");
    }
}

/// What a node has written to its standard output.
#[derive(Default)]
struct Output {
    text: Mutex<String>,
    grown: Condvar,
}

/// A running node.
pub(crate) struct Instance {
    node: Ended,
    _epmd: Ended,
    epmd_port: u16,
    name: NodeName,
    dir: tempfile::TempDir,
    program: &'static str,
    arguments: Vec<String>,
    output: Arc<Output>,
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

impl Output {
    fn wait(&self, part: &str) {
        let text = self.text.lock().unwrap();
        let waited = self
            .grown
            .wait_timeout_while(text, PATIENCE, |text| !text.contains(part));
        let (text, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "no {part:?} in {text}");
    }
}

/// Starts a node and waits until it says that it is ready.
fn launch(
    program: &str,
    arguments: &[String],
    epmd_port: u16,
    dir: &Path,
    output: &Arc<Output>,
) -> Ended {
    let mut node = Ended(
        Command::new(program)
            .args(arguments)
            .env("ERL_EPMD_PORT", epmd_port.to_string())
            .env("ERL_CRASH_DUMP_SECONDS", "0")
            .current_dir(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("erl and elixir are installed (script/setup)"),
    );
    let lines = BufReader::new(node.0.stdout.take().unwrap());
    let written = Arc::clone(output);
    // Reads on, so that the node never waits for its output to be taken.
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            let mut text = written.text.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            written.grown.notify_all();
        }
    });
    output.wait("ready\n");
    node
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
        let code = format!("{code} io:put_chars(\"ready\\n\").");
        let arguments = ["-sname", NAME, "-setcookie", COOKIE, "-noinput"];
        let more = ["-boot", "start_sasl", "-eval", &code];
        Self::run(dir, "erl", &[&arguments[..], &more].concat())
    }

    /// Starts a node that runs a script of Elixir first.
    pub(crate) fn start_elixir(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("{script}\nIO.puts(\"ready\")\n");
        std::fs::write(dir.path().join("script.exs"), script).unwrap();
        let arguments = [
            "--sname",
            NAME,
            "--cookie",
            COOKIE,
            "--no-halt",
            "script.exs",
        ];
        Self::run(dir, "elixir", &arguments)
    }

    fn run(dir: tempfile::TempDir, program: &'static str, arguments: &[&str]) -> Self {
        let (epmd, epmd_port) = epmd();
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let output = Arc::new(Output::default());
        let node = launch(program, &arguments, epmd_port, dir.path(), &output);
        Self {
            node,
            _epmd: epmd,
            epmd_port,
            name: NodeName::new(NAME).unwrap(),
            dir,
            program,
            arguments,
            output,
        }
    }

    /// Starts the node again after it was killed.
    pub(crate) fn start_again(&mut self) {
        self.output.text.lock().unwrap().clear();
        let dir = self.dir.path();
        self.node = launch(
            self.program,
            &self.arguments,
            self.epmd_port,
            dir,
            &self.output,
        );
    }

    /// What the node has written so far.
    pub(crate) fn output(&self) -> String {
        self.output.text.lock().unwrap().clone()
    }

    /// Waits until the node has written something.
    pub(crate) fn await_output(&self, part: &str) {
        self.output.wait(part);
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
        self.node.0.wait().unwrap();
    }
}

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const BOUNDS: Bounds = Bounds {
    within: PATIENCE,
    result_bytes_max: 1 << 20,
};
