//! A release made by `mix release`: the launcher, the cookie, epmd and the VM as they are.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use agent::api::v1::{HealthCheck, ImportArtifact, InstanceSpec, InstanceState, Stop};
use agent::client::Follow;
use release::pack::Compression;
use release::{CheckedRelease, ReleaseTree, SigningKey, Store};
use rustix::process::Signal;
use sys::process::ProcessId;

use crate::bench::{Bench, get};

pub(crate) const ID: &str = "tiny.test-1";

/// Builds the release with Mix, as a user would.
pub(crate) fn mix_release(dir: &Path) -> PathBuf {
    for (path, text) in [
        ("mix.exs", include_str!("tiny/mix.exs")),
        (
            "config/runtime.exs",
            include_str!("tiny/config/runtime.exs"),
        ),
        ("lib/tiny.ex", include_str!("tiny/lib/tiny.ex")),
    ] {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        sys::file::write_atomic(&path, text.as_bytes(), sys::file::Access::Shared).unwrap();
    }
    let built = sys::process::command("mix")
        .args(["release", "--quiet"])
        .env("MIX_ENV", "prod")
        .envs(release::reproducible_env())
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    dir.join("_build/prod/rel/tiny")
}

/// Packs and signs it; the key is pinned at the agent.
pub(crate) fn packed(bench: &Bench, release: &Path) -> ImportArtifact {
    let dir = bench.temp.path();
    let tree = ReleaseTree::read(release).unwrap();
    let checked: CheckedRelease = release::check::check(tree).unwrap();
    let (key, _) = SigningKey::load_or_create(&dir.join("keys")).unwrap();
    let pinned = bench.home.join("trusted/tiny.pub");
    let public = key.public_file().unwrap();
    sys::file::write_atomic(&pinned, &public, sys::file::Access::Shared).unwrap();
    let packed = release::pack::pack(
        &checked,
        &key,
        &Store::open(dir.join("artifacts")).unwrap(),
        &release::sbom::Sources::default(),
        Compression::DEFAULT,
        &mut |_| {},
    )
    .unwrap();
    ImportArtifact {
        path: packed.path,
        artifact: packed.id.to_string(),
    }
}

pub(crate) fn spec(artifact: &str, epmd_port: Option<u16>, secret: Option<&str>) -> InstanceSpec {
    let mut env = BTreeMap::from([("ERL_EPMD_ADDRESS".into(), "127.0.0.1".into())]);
    env.extend(epmd_port.map(|port| ("ERL_EPMD_PORT".into(), port.to_string())));
    env.extend(secret.map(|secret| ("TINY_SECRET".into(), secret.into())));
    InstanceSpec {
        service: "tiny.test".into(),
        artifact: artifact.into(),
        slot: 1,
        node: "tiny".into(),
        env,
        ports: BTreeMap::from([("PORT".into(), None)]),
        http_port: "PORT".into(),
        health: HealthCheck::Http {
            path: "/".into(),
            timeout_ms: 5_000,
            host: None,
            statuses: vec![],
        },
        beam: None,
        hooks: vec![],
        stop_timeout_ms: 30_000,
        log_bytes_max: 1_000_000,
        log_files: 2,
    }
}

struct Epmd(u16);

impl Epmd {
    /// A port of its own, so that no other epmd of this machine is touched.
    fn apart() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        Self(free.local_addr().unwrap().port())
    }

    fn process(&self) -> Option<ProcessId> {
        let (pid, name) = host::sockets::listener_of(self.0)?;
        assert_eq!(name, "epmd");
        ProcessId::of(pid)
    }
}

impl Drop for Epmd {
    fn drop(&mut self) {
        if let Some(process) = self.process() {
            process.signal(Signal::KILL);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_runs_is_adopted_and_stops_and_its_epmd_stays() {
    let bench = Bench::new().await;
    let epmd = Epmd::apart();
    let import = packed(&bench, &mix_release(&bench.temp.path().join("tiny")));
    let imported = bench.client.import(&import).await.unwrap();
    assert_eq!((imported.vsn.as_str(), imported.already), ("1.2.3", false));
    assert!(bench.client.import(&import).await.unwrap().already);

    // Without what runtime.exs asks for it crashes, and the log tells why.
    let without = spec(&imported.artifact, Some(epmd.0), None);
    bench.client.start(ID, &without).await.unwrap();
    bench.until(ID, |s| s.restarts > 0).await;
    let log = bench.client.log_tail(ID, 100).await.unwrap();
    assert!(log.contains("TINY_SECRET is missing"), "{log}");
    bench
        .client
        .stop(ID, &Stop { timeout_ms: None })
        .await
        .unwrap();

    let with = spec(&imported.artifact, Some(epmd.0), Some("s3cret"));
    bench.client.start(ID, &with).await.unwrap();
    let running = bench.until(ID, |s| s.healthy == Some(true)).await;
    let (_, body) = get(running.address, "/").await.unwrap();
    // The launcher has become the VM: its pid is the one that is watched.
    assert_eq!(body, format!("{} {}", running.node, running.pid.unwrap()));
    let mapper = epmd.process().unwrap();

    // The launcher's own commands reach it, by the cookie of its root.
    let launch = bench.client.launch(ID).await.unwrap();
    assert!(!launch.env.contains_key("RELEASE_COOKIE"));
    let rpc = sys::process::command(&launch.program)
        .args(["rpc", "IO.puts(Node.self())"])
        .env_clear()
        .envs(&launch.env)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&rpc.stdout).trim(),
        running.node,
        "{rpc:?}"
    );
    let cookie = fs::read(launch.root.join("releases/COOKIE")).unwrap();
    assert_eq!(cookie, fs::read(bench.home.join("cookies/test")).unwrap());
    let releases = fs::read_to_string(launch.root.join("releases/RELEASES")).unwrap();
    assert!(
        releases.contains(launch.root.to_str().unwrap()),
        "{releases}"
    );

    // Another service that would be a node of the same name is refused before it starts.
    let mut twin = with.clone();
    twin.service = "twin.test".into();
    let refused = bench.client.start("twin.test-1", &twin).await.unwrap_err();
    assert_eq!(refused.kind(), Some("node_in_use"));

    bench.new_agent().await;
    let adopted = bench.client.instance(ID).await.unwrap();
    assert_eq!((adopted.pid, adopted.restarts), (running.pid, 0));

    let mut logs = bench.client.logs(ID, 0, Follow::Yes).await.unwrap();
    let stopped = bench
        .client
        .stop(ID, &Stop { timeout_ms: None })
        .await
        .unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    assert_eq!(stopped.last_exit.as_deref(), Some("exited with code 0"));
    let mut last = String::new();
    while !last.contains("stopped gracefully") {
        last.push_str(&String::from_utf8_lossy(
            &logs.next().await.unwrap().unwrap(),
        ));
    }
    assert_eq!(epmd.process().unwrap(), mapper);
    assert!(!host::epmd::names(epmd.0).unwrap().contains_key("tiny_1"));
}
