//! A tiny Mix project, built once for all tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use release::check::check;
use release::pack::{Compression, Packed, pack};
use release::sbom::Sources;
use release::{CheckedRelease, ReleaseTree, SigningKey, Store, TrustedKeys};
use tempfile::TempDir;

const FILES: [(&str, &str); 6] = [
    (
        "mix.exs",
        r#"defmodule Tiny.MixProject do
  use Mix.Project
  def project, do: [app: :tiny, version: "0.1.0", elixir: "~> 1.14", releases: [tiny: [cookie_free: true]]]
  def application, do: [extra_applications: [:logger], mod: {Tiny.Application, []}]
end
"#,
    ),
    (
        "lib/tiny.ex",
        r#"defprotocol Tiny.Shape do
  def area(x)
end

defmodule Tiny.Square do
  @moduledoc "A square."
  defstruct [:side]

  defimpl Tiny.Shape do
    def area(x), do: x.side * x.side
  end
end

defmodule Tiny.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([], strategy: :one_for_one)
  def closure(x), do: fn y -> {x, y, __ENV__.line} end
end
"#,
    ),
    (
        "config/config.exs",
        "import Config\nconfig :tiny, greeting: \"grüß dich\"\n",
    ),
    ("config/runtime.exs", "import Config\n"),
    ("priv/data.txt", "data\n"),
    ("priv/tool.sh", "#!/bin/sh\necho tool\n"),
];

/// A path that does not fit into the name of a plain tar header.
pub(crate) const LONG_PATH: &str = "priv/a_directory_with_a_long_name_for_assets_of_the_application/and_another_one_below_it_too/file_with_a_long_name_0123456789abcdef.txt";

/// Writes the project.
pub(crate) fn write_project(dir: &Path) {
    for (name, text) in FILES {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    set_mode(&dir.join("priv/tool.sh"), 0o755);
    let long = dir.join(LONG_PATH);
    fs::create_dir_all(long.parent().unwrap()).unwrap();
    fs::write(long, "long\n").unwrap();
    // Mix follows links in priv, and keeps them in overlays.
    let overlay = dir.join("rel/overlays/extra");
    fs::create_dir_all(&overlay).unwrap();
    fs::write(overlay.join("data.txt"), "data\n").unwrap();
    symlink("data.txt", overlay.join("link.txt")).unwrap();
}

/// Runs `mix release` and returns the release's root.
pub(crate) fn mix_release(dir: &Path) -> PathBuf {
    let output = sys::process::command("mix")
        .args(["release", "--overwrite", "--quiet"])
        .current_dir(dir)
        .env("MIX_ENV", "prod")
        .envs(release::reproducible_env())
        .output()
        .expect("mix is installed (script/setup)");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    dir.join("_build/prod/rel/tiny")
}

/// The project, built twice from clean; in the target directory, since nothing ends it.
pub(crate) fn project() -> &'static Path {
    static PROJECT: OnceLock<PathBuf> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tiny-release");
        if dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        write_project(&dir);
        let first = mix_release(&dir);
        // Both at the same path, as a developer has it: code may hold the path of its source.
        fs::rename(first, dir.join("first")).unwrap();
        fs::remove_dir_all(dir.join("_build")).unwrap();
        mix_release(&dir);
        dir
    })
}

/// The assembled release. Tests copy before they change anything.
pub(crate) fn root() -> PathBuf {
    project().join("_build/prod/rel/tiny")
}

/// The same release from the build before, which was from clean too.
pub(crate) fn first_root() -> PathBuf {
    project().join("first")
}

/// A copy of the release to be broken.
pub(crate) fn copy() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(&root(), dir.path());
    dir
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            fs::create_dir(&target).unwrap();
            copy_tree(&source, &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source).unwrap(), &target).unwrap();
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn checked(root: &Path) -> CheckedRelease {
    check(ReleaseTree::read(root).unwrap()).unwrap()
}

/// A store with a signing key of its own.
pub(crate) struct Workshop {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) key: SigningKey,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("artifacts")).unwrap();
        let (key, _) = SigningKey::load_or_create(&dir.path().join("keys")).unwrap();
        Self { dir, store, key }
    }

    pub(crate) fn pack(&self, root: &Path) -> Packed {
        let fast = Compression {
            level: 1,
            threads: 2,
        };
        let release = checked(root);
        pack(
            &release,
            &self.key,
            &self.store,
            &Sources::default(),
            fast,
            &mut |_| (),
        )
        .unwrap()
    }

    pub(crate) fn trusted(&self) -> TrustedKeys {
        TrustedKeys::of(&self.key)
    }
}

/// The release, packed once.
pub(crate) fn packed() -> (&'static Workshop, &'static Packed) {
    static PACKED: OnceLock<(Workshop, Packed)> = OnceLock::new();
    let (workshop, packed) = PACKED.get_or_init(|| {
        let workshop = Workshop::new();
        let packed = workshop.pack(&root());
        (workshop, packed)
    });
    (workshop, packed)
}
