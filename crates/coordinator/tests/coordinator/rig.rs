//! A fleet, a coordinator on it, and the requests that tests make.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use agent::api::v1::HealthCheck;
use coordinator::{
    Answered, Attendance, Clock, Coordinator, Error, Order, Outcome, Progress, Request, Resume,
    ServiceSettings, Target, Verb, Webhooks,
};
use ledger::Ledger;
use ledger::wire::v1::Holder;
use proxy::control::v1::Limits;
use rollout::{
    ArtifactId, Background, BlueGreen, Canary, CanaryStep, Chosen, HostCount, HostId, Moving,
    Rolling, ServiceKey, Stickiness, Strategy, Surge, Timing, Tolerance, Version,
};
use sys::process::ProcessId;

use crate::fake::{FakeHost, Fleet, Kill};

pub(crate) struct Rig {
    pub(crate) fleet: Arc<Mutex<Fleet>>,
    hosts: Vec<FakeHost>,
    _dir: tempfile::TempDir,
    pub(crate) shown: Vec<Progress>,
}

pub(crate) fn artifact(letter: char) -> ArtifactId {
    ArtifactId::parse(&letter.to_string().repeat(64)).unwrap()
}

pub(crate) fn service() -> ServiceKey {
    ServiceKey::parse("shop.production").unwrap()
}

/// A process of this machine that is dead: its lease is free at once.
pub(crate) fn dead() -> Holder {
    let process = ProcessId {
        started_ticks: 1,
        ..ProcessId::current().unwrap()
    };
    Holder {
        user: "ada".into(),
        host: "lead".into(),
        process,
        command: "cutover deploy".into(),
    }
}

pub(crate) fn alive() -> Holder {
    Holder {
        process: ProcessId::current().unwrap(),
        command: "cutover resume".into(),
        ..dead()
    }
}

/// A person beside the one who deploys.
pub(crate) fn other() -> Holder {
    Holder {
        user: "grace".into(),
        command: "cutover promote".into(),
        ..alive()
    }
}

pub(crate) fn request(target: Target) -> Request {
    Request {
        service: service(),
        target,
        strategy: Strategy::BlueGreen(BlueGreen {
            pre_promotion: None,
            pause: None,
            post_promotion: None,
        }),
        instances_per_host: 1,
        applications: Vec::new(),
        timing: Timing {
            min_healthy_time_ms: 1_000,
            healthy_deadline_ms: 10_000,
            progress_deadline_ms: 20_000,
            watch_ms: 2_000,
            drain_timeout_ms: 5_000,
            after_ms: 1_000,
            rollback_window_ms: 600_000,
            orphan_timeout_ms: 4_000,
            probe_every_ms: 500,
            pause_max_ms: 3_600_000,
        },
        tolerance: Tolerance::USUAL,
        moving: Moving::USUAL,
        release_command: None,
        background: Background::default(),
        hooks: Vec::new(),
        verdict: None,
        settings: ServiceSettings {
            node: "shop".into(),
            ports: BTreeMap::new(),
            http_port: "PORT".into(),
            health: HealthCheck::Tcp { timeout_ms: 500 },
            beam: None,
            lifecycle: Vec::new(),
            stop_timeout_ms: 1_000,
            log_bytes_max: 1 << 20,
            log_files: 2,
            listen: "127.0.0.1:0".parse().unwrap(),
            hosts: Vec::new(),
            path_prefix: "/".into(),
            limits: Limits::default(),
            sticky_cookie: "cutover_bucket".into(),
            testers: None,
            preview: None,
            readiness: None,
            prometheus: None,
            webhooks: Webhooks::default(),
        },
        env: BTreeMap::new(),
    }
}

pub(crate) fn deploy(letter: char) -> Request {
    let version = Version {
        artifact: artifact(letter),
        vsn: letter.to_string(),
    };
    request(Target::Deploy {
        version,
        chosen: Chosen::ByRule,
    })
}

pub(crate) fn rollback() -> Request {
    request(Target::Rollback { to: None })
}

impl Rig {
    pub(crate) fn new(hosts: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
        let (fleet, hosts) = FakeHost::fleet(hosts, ledger);
        Self {
            fleet,
            hosts,
            _dir: dir,
            shown: Vec::new(),
        }
    }

    /// A fleet on which `a` serves.
    pub(crate) async fn serving(hosts: usize) -> Self {
        let mut rig = Self::new(hosts);
        let outcome = rig.run(deploy('a')).await.unwrap();
        assert_eq!(outcome.phase, rollout::Phase::Healthy, "{outcome:?}");
        let mut fleet = rig.fleet.lock().unwrap();
        (fleet.calls, fleet.decided) = (0, false);
        fleet.deeds.clear();
        drop(fleet);
        rig
    }

    /// The same for a test that goes on in real time.
    pub(crate) async fn serving_in_real_time(hosts: usize) -> Self {
        tokio::time::pause();
        let rig = Self::serving(hosts).await;
        tokio::time::resume();
        rig
    }

    pub(crate) fn coordinator(&self, holder: Holder) -> Coordinator<FakeHost> {
        let hosts = self
            .hosts
            .iter()
            .enumerate()
            .map(|(i, host)| (HostId::parse(&format!("host{i}")).unwrap(), host.clone()));
        let fleet = self.fleet.clone();
        let clock = Clock::new(move || fleet.lock().unwrap().now_ms());
        Coordinator::new(hosts.collect(), holder)
            .unwrap()
            .with_clock(clock)
    }

    pub(crate) async fn run(&mut self, request: Request) -> Result<Outcome, Error> {
        let coordinator = self.coordinator(dead());
        let planned = coordinator.plan(request).await?;
        let shown = &mut self.shown;
        coordinator
            .run(
                planned,
                Attendance::new(&mut |progress: &Progress| shown.push(progress.clone())),
            )
            .await
    }

    /// Runs until the coordinator is killed; says whether it was.
    pub(crate) async fn run_killed(&mut self, request: Request, kill: Kill) -> bool {
        self.fleet.lock().unwrap().kill = Some(kill);
        let killed = self.hosts[0].killed.clone();
        let died = tokio::select! {
            _ = self.run(request) => false,
            () = killed.notified() => true,
        };
        self.fleet.lock().unwrap().kill = None;
        died
    }

    pub(crate) async fn resume(&mut self, resume: Resume) -> Result<Outcome, Error> {
        let shown = &mut self.shown;
        let hosts: Vec<_> = self
            .hosts
            .iter()
            .enumerate()
            .map(|(i, host)| (HostId::parse(&format!("host{i}")).unwrap(), host.clone()))
            .collect();
        let fleet = self.fleet.clone();
        let clock = Clock::new(move || fleet.lock().unwrap().now_ms());
        let coordinator = Coordinator::new(hosts, alive()).unwrap().with_clock(clock);
        coordinator
            .resume(
                &service(),
                resume,
                Attendance::new(&mut |progress: &Progress| shown.push(progress.clone())),
            )
            .await
    }

    pub(crate) async fn abort(&self) -> Result<Outcome, Error> {
        self.coordinator(alive())
            .abort(&service(), None, Attendance::new(&mut |_: &Progress| {}))
            .await
    }

    /// Gives a verb from another process, which drives if nobody else does.
    pub(crate) async fn order(&self, verb: Verb) -> Result<Answered, Error> {
        let why = Some("the test says so".into());
        self.coordinator(other())
            .order(
                &service(),
                Order { verb, why },
                Some(BTreeMap::new()),
                Attendance::new(&mut |_: &Progress| {}),
            )
            .await
    }

    pub(crate) fn deeds(&self) -> Vec<String> {
        self.fleet
            .lock()
            .unwrap()
            .deeds
            .iter()
            .filter(|deed| *deed != "renew")
            .cloned()
            .collect()
    }

    /// Tells when the coordinator is killed.
    pub(crate) fn killed(&self) -> Arc<tokio::sync::Notify> {
        self.hosts[0].killed.clone()
    }

    /// Returns the first version and its weight on each host.
    pub(crate) fn weights(&self) -> Vec<(String, u8)> {
        let mut fleet = self.fleet.lock().unwrap();
        fleet.pass();
        let first = |machine: &crate::fake::Machine| {
            let version = &machine.status.as_ref().unwrap().config.versions[0];
            (version.artifact[..1].to_owned(), version.weight)
        };
        fleet.hosts.iter().map(first).collect()
    }

    /// Returns what serves on each host, and whether that is final.
    pub(crate) fn serving_now(&self) -> Vec<(String, bool)> {
        let mut fleet = self.fleet.lock().unwrap();
        fleet.pass();
        let serving = |machine: &crate::fake::Machine| {
            let config = &machine.status.as_ref().unwrap().config;
            let serving = config
                .versions
                .iter()
                .find(|version| version.weight == 100)
                .unwrap();
            (
                serving.artifact[..1].to_owned(),
                config.commitment == proxy::control::v1::Commitment::Committed,
            )
        };
        fleet.hosts.iter().map(serving).collect()
    }
}

/// The same with deadlines that a busy machine keeps in real time.
pub(crate) fn patient(mut request: Request) -> Request {
    request.timing.healthy_deadline_ms = 600_000;
    request.timing.progress_deadline_ms = 600_000;
    request.timing.orphan_timeout_ms = 300_000;
    request
}

/// A canary of 20 %, a pause until promoted, then all.
pub(crate) fn canary(letter: char) -> Request {
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
        CanaryStep::SetWeight(50),
        CanaryStep::Pause {
            for_ms: Some(3_000),
        },
    ];
    Request {
        strategy: Strategy::Canary(Canary {
            steps,
            stickiness: Stickiness::Cookie,
        }),
        ..deploy(letter)
    }
}

/// Batches of that many hosts.
pub(crate) fn rolling(letter: char, max_parallel: u32) -> Request {
    Request {
        strategy: Strategy::Rolling(Rolling {
            max_parallel: HostCount::Hosts(max_parallel),
            surge: Surge::Beside,
        }),
        ..deploy(letter)
    }
}
