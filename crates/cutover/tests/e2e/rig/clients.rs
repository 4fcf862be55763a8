//! Clients of every kind on every proxy of a fleet, and what they saw.

use std::path::PathBuf;
use std::time::Duration;

use load::{Options, Report, Running, Target};
use tokio::runtime::Runtime;

/// How long clients go on at most.
const LONGEST: Duration = Duration::from_secs(240);

/// What clients do on each proxy; few, for two cores run all of it.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Short requests a second.
    pub(crate) rate: f64,
    /// WebSockets.
    pub(crate) ws: usize,
    /// Event streams.
    pub(crate) sse: usize,
    /// Where the shop writes orders down; none are sent without.
    pub(crate) orders: Option<PathBuf>,
}

impl Load {
    /// Requests of every kind, sockets and streams.
    pub(crate) fn of_every_kind(orders: PathBuf) -> Self {
        Self {
            rate: 25.0,
            ws: 4,
            sse: 2,
            orders: Some(orders),
        }
    }

    /// Short requests alone.
    pub(crate) fn short(rate: f64) -> Self {
        Self {
            rate,
            ws: 0,
            sse: 0,
            orders: None,
        }
    }

    fn options(&self, url: &str) -> Options {
        let others = usize::from(self.orders.is_some());
        Options {
            http: 2,
            rate: Some(self.rate),
            post: others,
            post_rate: 4.0,
            slow: others,
            slow_path: "/slow?ms=1500&chunks=5".to_owned(),
            ws: self.ws,
            sse: self.sse,
            orders_file: self.orders.clone(),
            ..Options::new(Target::parse(url).unwrap(), LONGEST)
        }
    }
}

/// Clients at work.
pub(crate) struct Clients {
    runtime: Runtime,
    running: Vec<Running>,
}

impl Clients {
    /// Begins, and returns when every client is connected.
    pub(crate) fn start(urls: &[String], load: &Load) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(async {
            let mut running = Vec::new();
            for url in urls {
                let clients = load::start(load.options(url)).unwrap();
                assert!(clients.ready().await, "every client of {url} is connected");
                running.push(clients);
            }
            running
        });
        Self { runtime, running }
    }

    /// What they saw up to now, all of them together: requests, and those that failed.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        let reports = self.running.iter().map(Running::snapshot);
        reports.fold((0, 0), |(requests, failed), report| {
            (requests + report.requests, failed + report.failed)
        })
    }

    /// Ends, and says what the clients of each proxy saw.
    pub(crate) fn finish(self) -> Vec<Report> {
        let Self { runtime, running } = self;
        runtime.block_on(async {
            running.iter().for_each(Running::stop);
            let mut reports = Vec::new();
            for clients in running {
                reports.push(clients.finish().await.unwrap());
            }
            reports
        })
    }

    /// Ends, and holds that nobody noticed anything but moved sockets.
    #[track_caller]
    pub(crate) fn finish_unharmed(self) -> Vec<Report> {
        let reports = self.finish();
        for report in &reports {
            let table = load::table(report);
            assert_eq!(report.failed, 0, "{table}");
            assert_eq!(report.sockets_cut, 0, "{table}");
            assert_eq!(report.ws.stranded + report.sse.stranded, 0, "{table}");
            assert_eq!(report.sse.id_gaps, 0, "{table}");
            if let Some(orders) = &report.orders.file {
                assert_eq!((orders.duplicates, orders.lost), (0, 0), "{table}");
            }
        }
        reports
    }
}
