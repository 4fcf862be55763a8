//! A copy of the shop with a home and an agent of its own, for one test.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Operator, free_port, get};

/// A copy of the shop, with a home of its own. What it started ends with it.
pub(crate) struct World {
    dir: TempDir,
    operator: Operator,
}

impl Deref for World {
    type Target = Operator;

    fn deref(&self) -> &Operator {
        &self.operator
    }
}

impl World {
    /// Copies the shop; `settings` is appended to its `cutover.toml`, whose environment `test` is used.
    pub(crate) fn new(settings: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("ct-").tempdir().unwrap();
        let operator = Operator::new(dir.path().join("shop"), dir.path().join("home"));
        copy_shop(operator.project());
        let world = Self { dir, operator };
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

    pub(crate) fn orders(&self) -> PathBuf {
        self.dir.path().join("orders")
    }

    /// Replaces text in a file of the project, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        edit(self.project(), file, from, to);
    }

    /// Gives the next version an edition of its own.
    pub(crate) fn edition(&self, name: &str) {
        edition(self.project(), name);
    }

    /// Where clients reach the service.
    pub(crate) fn url(&self) -> String {
        self.status()["url"].as_str().expect("a URL").to_owned()
    }

    /// Asks the service as a client would; the label of the version that answered.
    #[track_caller]
    pub(crate) fn serving(&self, url: &str) -> String {
        let answer = get(url, "/").expect("the service answers");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.version().to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let said = self.run(&["agent", "stop", "--all"]);
        if std::thread::panicking() {
            tail(&self.home().join("agent"));
            eprintln!("── stop: {said:#?}");
        }
    }
}

/// Shows the ends of the logs of an agent.
pub(super) fn tail(agent: &Path) {
    for log in ["agent.log", "proxy/proxy.log"] {
        let path = agent.join(log);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(30).collect();
        eprintln!("── {}", path.display());
        tail.iter().rev().for_each(|line| eprintln!("{line}"));
    }
}

/// Copies the sources of the shop.
pub(super) fn copy_shop(to: &Path) {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    for part in ["lib", "config", "mix.exs"] {
        copy(&shop.join(part), &to.join(part));
    }
}

/// Replaces text in a file of a project, which must be there.
#[track_caller]
pub(super) fn edit(project: &Path, file: &str, from: &str, to: &str) {
    let path = project.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// Gives the next version of a project an edition of its own.
pub(super) fn edition(project: &Path, name: &str) {
    let path = project.join("lib/shop/catalogue.ex");
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

/// Copies a file or a directory with all in it.
pub(super) fn copy(from: &Path, to: &Path) {
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
