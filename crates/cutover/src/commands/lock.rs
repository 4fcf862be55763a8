//! `cutover lock`.

use ledger::wire::v1::{Call, Holder, Lease, Reply};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::ago;
use crate::rollouts::{Lead, holder, unexpected};
use crate::settings::Sections;

/// Show who is changing the service, or break a lock whose holder is gone
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show who holds the lock and since when (the default)
    Show,
    /// Take the lock away from its holder, which can change nothing from then on
    Release,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = settings.key();
    let lead = Lead::of(context, &settings);
    let call = match args.command {
        None | Some(Command::Show) => Call::Leases {
            service: Some(service.clone()),
        },
        Some(Command::Release) => Call::ForceRelease {
            service: service.clone(),
            by: by(&holder(context, "cutover lock release")?),
        },
    };
    let leases = match context.block_on(lead.ask(&call))?? {
        Reply::Leases { leases } => leases,
        _ => {
            return Err(unexpected());
        }
    };
    let broke = matches!(args.command, Some(Command::Release));
    context.printer.result(
        &json!({"leases": leases, "released": broke}),
        || match leases.first() {
            None => format!("nobody holds the lock of {service}"),
            Some(lease) if broke => format!("took the lock of {service} from {}", words(lease)),
            Some(lease) => format!("{service} is held by {}", words(lease)),
        },
    );
    Ok(())
}

/// Who holds a lease, in words.
pub(crate) fn words(lease: &Lease) -> String {
    let holder = &lease.holder;
    let here = rustix::system::uname();
    let is_gone = here.nodename().to_string_lossy() == holder.host && !holder.process.is_alive();
    format!(
        "{}@{} (`{}`, pid {}), taken {}{}",
        holder.user,
        holder.host,
        holder.command,
        holder.process.pid,
        ago(lease.since_ms),
        if is_gone {
            "; that process is gone, so the next command takes the lock over"
        } else {
            ""
        }
    )
}

fn by(holder: &Holder) -> String {
    format!("{}@{}", holder.user, holder.host)
}
