//! Watching a rollout that somebody else drives, without the lease: from its journal and its hosts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ledger::wire::v1::Record;
use proxy::control::v1::Traffic;
use rollout::{Entry, Event, HostId, Watch};

use super::followed::Followed;
use super::{AT_ONCE, Coordinator};
use crate::attendance::View;
use crate::error::Error;
use crate::host::Host;
use crate::lease::who;
use crate::observe;
use crate::outcome::reason;
use crate::view::{self, Facts, Sights, VerbView};

/// Time between two looks at journal and hosts.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long journal and hosts may be silent before it is told.
const SILENT_MAX: u32 = 5;

/// What is known of a rollout so far.
struct Watched {
    followed: Followed,
    verbs: Vec<VerbView>,
    sights: Sights,
}

impl<H: Host> Coordinator<H> {
    /// Publishes how a rollout stands, until it is at its end; then the last snapshot says so. It needs no
    /// lease, and changes nothing. It ends as well when nobody looks at the view any more.
    ///
    /// # Errors
    /// Where there is no such rollout, its journal is of another version, or the ledger is silent for long.
    pub async fn watch(&self, rollout: &str, view: &View) -> Result<(), Error> {
        let mut watched = Watched::of(&self.show(rollout).await?)?;
        let mut silent = 0;
        loop {
            match self.show_after(rollout, watched.followed.known).await {
                Ok(record) => {
                    silent = 0;
                    watched = watched.read(&record)?;
                }
                Err(error @ Error::Unreachable { .. }) => {
                    silent += 1;
                    if silent > SILENT_MAX {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
            self.look_at(&mut watched).await;
            let driver = match self.driver(&watched.followed.state.plan().service).await {
                Ok(lease) if !watched.followed.state.is_finished() => {
                    lease.map(|lease| who(&lease.holder))
                }
                _ => None,
            };
            let snapshot = view::snapshot(&Facts {
                rollout,
                state: &watched.followed.state,
                sights: &watched.sights,
                verbs: &watched.verbs,
                driver,
                cause: reason(&watched.followed.state),
                now: self.clock.now(),
            });
            view.send_replace(Some(Arc::new(snapshot)));
            if watched.followed.state.is_finished() || view.is_closed() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Looks at the hosts as the driver does.
    async fn look_at(&self, watched: &mut Watched) {
        let plan = watched.followed.state.plan().clone();
        let mut watches: BTreeMap<HostId, Watch> = watched
            .followed
            .state
            .watches()
            .into_iter()
            .map(|watch| (watch.host.clone(), watch))
            .collect();
        let looks = self
            .hosts
            .iter()
            .filter(|(id, _)| plan.host(id).is_some())
            .map(|(id, host)| {
                let watch = watches.remove(id).unwrap_or_else(|| Watch {
                    host: id.clone(),
                    instances: Vec::new(),
                    stable: plan
                        .host(id)
                        .and_then(|host| host.stable_version.as_ref())
                        .map(|own| own.artifact.clone()),
                });
                (host, watch)
            })
            .collect::<Vec<_>>();
        let seen: Vec<(HostId, Event, Option<Traffic>)> = futures_util::stream::iter(looks)
            .map(async |(host, watch)| {
                let (event, traffic) =
                    observe::look_in_time(host, &self.clock, &plan, &watch).await;
                (watch.host, event, traffic)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let now_ms = self.clock.now_ms();
        for (host, event, traffic) in seen {
            watched.sights.event(&event);
            if let Some(traffic) = traffic {
                watched.sights.counted(&host, &traffic, &plan, now_ms);
            }
        }
    }
}

impl Watched {
    fn of(record: &Record) -> Result<Self, Error> {
        let (followed, entries) = Followed::of(record)?;
        Ok(Self {
            followed,
            verbs: verbs(&entries).collect(),
            sights: Sights::default(),
        })
    }

    /// Replays what is new in the journal.
    fn read(mut self, record: &Record) -> Result<Self, Error> {
        let (followed, entries) = self.followed.read(record)?;
        self.verbs.extend(verbs(&entries));
        Ok(Self { followed, ..self })
    }
}

fn verbs(entries: &[Entry]) -> impl Iterator<Item = VerbView> {
    let verb = |entry: &Entry| view::verb(&entry.event, entry.now);
    entries.iter().filter_map(verb)
}
