//! `cutover watch`.

use std::sync::Arc;

use coordinator::{Answered, Attendance, Coordinator, Order, Snapshot, Verb, WhenPaused};
use rollout::ServiceKey;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, holder, news};
use crate::settings::{Resolved, Sections};
use crate::view::web::{Wanted, Web};
use crate::view::{Attended, Live, attend};

/// Watch a rollout that runs elsewhere, and act on it by keys
///
/// Needs no lock and changes nothing by itself; leaving it leaves the rollout as it is. Ends with the
/// rollout. With `--web` the same picture is served on 127.0.0.1.
///
/// Exit codes: 0 the rollout did what it was to do, or you left; 6 the new version was given up and the
/// earlier one serves; 7 it ended with hosts behind, or needs a person; 9 the ledger does not answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rollout, such as `shop.production.3`, or its number [default: the one under way, or the newest]
    rollout: Option<String>,
    /// Serve a page on loopback instead
    #[arg(long)]
    web: bool,
    /// The port of the page [default: any that is free]
    #[arg(
        long,
        value_name = "PORT",
        requires = "web",
        default_value_t = 0,
        hide_default_value = true
    )]
    port: u16,
    /// Take no orders
    #[arg(long)]
    read_only: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let holder = holder(context, "cutover watch")?;
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let rollout = match &args.rollout {
            Some(id) if id.contains('.') => id.clone(),
            Some(number) => format!("{service}.{number}"),
            None => newest(&coordinator, &service).await?,
        };
        let (view, seen) = watch::channel(None);
        let (order, orders) = mpsc::unbounded_channel();
        let (say, news) = mpsc::unbounded_channel();
        let watching = Watching {
            coordinator: &coordinator,
            service: &service,
            settings: &settings,
            rollout: &rollout,
            say,
        };
        if args.web {
            let wanted = Wanted {
                port: args.port,
                read_only: args.read_only,
            };
            let web = Web::bind(wanted, seen.clone(), order)
                .await
                .or_fail_with(Kind::Other, || "cannot serve the page".to_owned())?;
            let document = json!({"rollout": rollout, "url": web.url()});
            let url = web.url().to_owned();
            context
                .printer
                .result(&document, || format!("{rollout} is at {url}"));
            let last = seen;
            tokio::select! {
                done = web.serve(watching.watch(view, orders)) => done?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
            let last = last.borrow().clone();
            return ended(context, last.as_deref());
        }
        let last = seen.clone();
        match Live::open(context, seen.clone(), news, false) {
            Some(live) => {
                let give = |verb| {
                    // Nobody takes orders only once the rollout has ended.
                    if !args.read_only && order.send(verb).is_err() {
                        tracing::debug!("the rollout has ended");
                    }
                };
                match attend(live, watching.watch(view, orders), give).await {
                    Attended::Left => {
                        context
                            .printer
                            .note(&format!("left {rollout}; it is as it was"));
                        return Ok(());
                    }
                    Attended::Ended(done) => done?,
                }
            }
            None => {
                tokio::select! {
                    done = watching.watch(view, orders) => done?,
                    () = lines(context, seen) => {}
                    _ = tokio::signal::ctrl_c() => return Ok(()),
                }
            }
        }
        let last = last.borrow().clone();
        if context.printer.is_json() {
            // The last one may not have been printed yet.
            if let Some(last) = &last {
                context.printer.result(last.as_ref(), String::new);
            }
        }
        ended(context, last.as_deref())
    })?
}

/// The rollout under way, or the newest.
async fn newest(
    coordinator: &Coordinator<agent::client::Client>,
    service: &ServiceKey,
) -> Result<String, Failure> {
    if let Some(rollout) = coordinator.service(service).await?.unfinished {
        return Ok(rollout);
    }
    match coordinator.history(Some(service), 1).await?.pop() {
        Some(summary) => Ok(summary.rollout),
        None => Err(
            Failure::new(Kind::Usage, format!("{service} was never deployed here"))
                .hint("`cutover deploy` does it"),
        ),
    }
}

/// What is watched, by whom.
struct Watching<'a> {
    coordinator: &'a Coordinator<agent::client::Client>,
    service: &'a ServiceKey,
    settings: &'a Resolved,
    rollout: &'a str,
    say: mpsc::UnboundedSender<String>,
}

impl Watching<'_> {
    /// Watches until the rollout ends, and gives orders meanwhile, one after the other.
    async fn watch(
        self,
        view: watch::Sender<Option<Arc<Snapshot>>>,
        mut orders: mpsc::UnboundedReceiver<Verb>,
    ) -> Result<(), Failure> {
        let watch = self.coordinator.watch(self.rollout, &view);
        let obey = async {
            while let Some(verb) = orders.recv().await {
                let said = self.give(verb).await;
                drop(self.say.send(said));
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = watch => Ok(done?),
            () = obey => Ok(()),
        }
    }

    /// Gives a verb, through whoever drives the rollout or by driving it, and says what came of it.
    async fn give(&self, verb: Verb) -> String {
        let say = self.say.clone();
        let mut observer = move |progress: &coordinator::Progress| {
            if let Some(news) = news(progress) {
                drop(say.send(news));
            }
        };
        let attendance = Attendance::new(&mut observer).when_paused(WhenPaused::Leave);
        let order = Order { verb, why: None };
        let env = Some(self.settings.env.clone());
        match self
            .coordinator
            .order(self.service, order, env, attendance)
            .await
        {
            Ok(Answered::Nothing(foreseen)) => foreseen.text,
            Ok(Answered::Taken { driver, .. }) => format!("{driver} has taken `{}`", verb.word()),
            Ok(Answered::Left { driver }) => {
                format!(
                    "{driver} has not taken `{}` yet; it is left for it",
                    verb.word()
                )
            }
            Ok(Answered::Drove(outcome)) => format!("driven from here: it is {}", outcome.phase),
            Err(error) => format!("could not {}: {error}", verb.word()),
        }
    }
}

/// Prints what changes, where there is no terminal: snapshots with `--json`, else a line for each step.
async fn lines(context: &Context, mut seen: watch::Receiver<Option<Arc<Snapshot>>>) {
    let mut told: Vec<String> = Vec::new();
    while seen.changed().await.is_ok() {
        let Some(snapshot) = seen.borrow_and_update().clone() else {
            continue;
        };
        if context.printer.is_json() {
            if !snapshot.finished {
                context.printer.result(snapshot.as_ref(), String::new);
            }
            continue;
        }
        for line in told_of(&snapshot) {
            if !told.contains(&line) {
                context.printer.note(&line);
                told.push(line);
            }
        }
    }
    std::future::pending::<()>().await;
}

/// What there is to tell of a rollout, each line once.
fn told_of(snapshot: &Snapshot) -> Vec<String> {
    use coordinator::StepState;
    let mut lines = vec![snapshot.diagram.title.clone()];
    for step in snapshot.steps.iter().chain(&snapshot.way_back) {
        let word = match step.state {
            StepState::Ahead | StepState::Dropped => continue,
            StepState::UnderWay => "under way",
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::GivenUp => "given up",
        };
        lines.push(format!("{}: {word}", step.name));
    }
    let waiting = snapshot.waiting.as_ref();
    lines.extend(waiting.map(|waiting| format!("waits for {}", waiting.what)));
    lines
}

/// Ends as the rollout did.
fn ended(context: &Context, last: Option<&Snapshot>) -> Result<(), Failure> {
    let Some(last) = last else {
        return Ok(());
    };
    let cause = last.cause.as_deref().unwrap_or("no cause is known");
    let rollout = &last.rollout;
    match last.phase {
        "healthy" | "rolled back" => {
            context.printer.line(&format!(
                "{rollout} is {}: {}",
                last.phase, last.diagram.ends.0
            ));
            Ok(())
        }
        "aborted" => Err(Failure::new(
            Kind::Reverted,
            format!(
                "rollout {rollout} was given up, and {}: {cause}",
                last.diagram.ends.1
            ),
        )
        .hint(format!(
            "`cutover show {rollout}` has every step and the receipt"
        ))),
        phase => Err(Failure::new(
            Kind::Unfinished,
            format!("rollout {rollout} is {phase}: {cause}"),
        )
        .hint("`cutover retry` tries again what was set aside, `cutover status` says what serves")),
    }
}
