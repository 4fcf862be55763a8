//! A project, a home and the binary, for one test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const CUTOVER: &str = env!("CARGO_BIN_EXE_cutover");

/// A copy of the shop, with a home of its own. What it started ends with it.
pub(crate) struct World {
    dir: TempDir,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// The last line of stdout, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|e| panic!("no JSON at the end ({e}): {self:#?}"))
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }
}

impl World {
    /// Copies the shop; `settings` is appended to its `cutover.toml`, whose environment `test` is used.
    pub(crate) fn new(settings: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("ct-").tempdir().unwrap();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
        for part in ["lib", "config", "mix.exs"] {
            copy(&shop.join(part), &dir.path().join("shop").join(part));
        }
        let world = Self { dir };
        let env = format!(
            "ERL_EPMD_PORT={}\nSHOP_ORDERS_FILE={}\n",
            free_port(),
            world.orders().display()
        );
        fs::write(world.project().join(".env"), env).unwrap();
        fs::write(
            world.project().join("cutover.toml"),
            format!(
                r#"
service = "shop"
env_file = ".env"
[ports]
PORT = "auto"
[health]
path = "/health"
interval = "100ms"
[proxy]
listen = "127.0.0.1:0"
[deploy]
min_healthy_time = "300ms"
healthy_deadline = "20s"
watch = "1s"
drain_timeout = "10s"
sockets_per_second = 100
observe_after = "300ms"
orphan_timeout = "5s"
{settings}
[environments.test]
"#
            ),
        )
        .unwrap();
        world
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn orders(&self) -> PathBuf {
        self.dir.path().join("orders")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(CUTOVER);
        command
            .args(args)
            .current_dir(self.project())
            .env_remove("CUTOVER_CONFIG")
            .env("CUTOVER_HOME", self.home())
            .env("CUTOVER_ENV", "test")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        Said {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that must end well.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Said {
        self.run(args).expect_code(0)
    }

    /// Starts a command whose progress is read as lines of JSON from stderr.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        let mut child = self
            .command(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { child, stderr }
    }

    /// Replaces text in a file of the project, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.project().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Gives the next version an edition of its own.
    pub(crate) fn edition(&self, name: &str) {
        let path = self.project().join("lib/shop/catalogue.ex");
        let text = fs::read_to_string(&path).unwrap();
        let edited: Vec<String> = text
            .lines()
            .map(|line| match line.trim_start().starts_with("@edition ") {
                true => format!("  @edition \"{name}\""),
                false => line.to_owned(),
            })
            .collect();
        fs::write(&path, edited.join("\n") + "\n").unwrap();
    }

    pub(crate) fn status(&self) -> Value {
        self.ok(&["status", "--json"]).json()
    }

    /// Where clients reach the service.
    pub(crate) fn url(&self) -> String {
        self.status()["url"].as_str().expect("a URL").to_owned()
    }

    /// Asks the service as a client would; the label of the version that answered.
    #[track_caller]
    pub(crate) fn serving(&self, url: &str) -> String {
        let answer = get(url, "/").expect("the service answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
            .lines()
            .find_map(|line| line.strip_prefix("x-version: "))
            .expect("an x-version header")
            .trim()
            .to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let said = self.run(&["agent", "stop", "--all"]);
        if std::thread::panicking() {
            for log in ["agent/agent.log", "agent/proxy/proxy.log"] {
                let text = fs::read_to_string(self.home().join(log)).unwrap_or_default();
                let tail: Vec<&str> = text.lines().rev().take(30).collect();
                eprintln!("── {log}");
                tail.iter().rev().for_each(|line| eprintln!("{line}"));
            }
            eprintln!("── stop: {said:#?}");
        }
    }
}

/// A command under way.
pub(crate) struct Running {
    pub(crate) child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    /// Reads progress until `wanted` holds for an event; the lines before it are returned if it ends first.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            if self.stderr.read_line(&mut line).unwrap() == 0 {
                panic!("it ended without the event; it said: {seen}");
            }
            seen.push_str(&line);
            if serde_json::from_str(&line).is_ok_and(|event: Value| wanted(&event)) {
                return;
            }
        }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// One GET over a connection of its own.
pub(crate) fn get(url: &str, path: &str) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}
