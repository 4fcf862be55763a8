//! `cutover freeze`.

use ledger::wire::v1::{Call, Freeze, Reply};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::printer::until;
use crate::rollouts::{Lead, holder, unexpected};
use crate::settings::Sections;

/// Keep an environment as it is for a time
///
/// No rollout begins while it lasts, but for rollbacks and those that say `--despite-freeze WHY`. One under
/// way goes on. Without arguments it shows what holds.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Until when: a time such as 2026-12-27T09:00Z, or how long, such as 48h
    #[arg(long, value_name = "WHEN", requires = "why")]
    until: Option<String>,
    /// Why; whoever is stopped by it reads this
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// End it before its time
    #[arg(long, conflicts_with = "until")]
    lift: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let environment = settings.environment.clone();
    let lead = Lead::of(context, &settings);
    let holder = holder(context, "cutover freeze")?;
    let by = format!("{}@{}", holder.user, holder.host);
    let call = match (&args.until, args.lift) {
        (Some(when), _) => Call::Freeze {
            environment: environment.clone(),
            until_ms: moment(when)?,
            why: args.why.clone().unwrap_or_default(),
            by,
        },
        (None, true) => Call::Thaw {
            environment: environment.clone(),
            id: None,
            by,
            why: args.why.clone(),
        },
        (None, false) => Call::Freezes {
            environment: Some(environment.clone()),
        },
    };
    let freezes = match context.block_on(lead.ask(&call))?? {
        Reply::Freezes { freezes } => freezes,
        _ => return Err(unexpected()),
    };
    let document = json!({"environment": environment, "freezes": freezes, "lifted": args.lift});
    context.printer.result(&document, || {
        if freezes.is_empty() {
            return format!("{environment} is not frozen");
        }
        let verb = if args.lift { "was frozen" } else { "is frozen" };
        let lines: Vec<String> = freezes
            .iter()
            .map(|f| format!("{environment} {verb} {}", words(f)))
            .collect();
        lines.join("\n")
    });
    Ok(())
}

/// How long it lasts, who wants it and why, in words.
pub(crate) fn words(freeze: &Freeze) -> String {
    format!(
        "for {} by {}: {}",
        until(freeze.until_ms),
        freeze.by,
        freeze.why
    )
}

/// Reads a time, or how long from now; in milliseconds since the epoch.
fn moment(text: &str) -> Result<u64, Failure> {
    let now = sys::clock::now_ms();
    let wrong = |what: &str| {
        Failure::new(Kind::Usage, format!("`--until {text}` {what}"))
            .hint("write how long, such as 48h, or a time, such as 2026-12-27T09:00Z")
    };
    if let Some(ms) = crate::settings::read_duration(text) {
        return Ok(now.saturating_add(ms));
    }
    let with_seconds = match text.strip_suffix('Z') {
        Some(rest) if rest.matches(':').count() == 1 => format!("{rest}:00Z"),
        _ => text.to_owned(),
    };
    let format = &time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::parse(&with_seconds, format).map_err(|_| wrong("is no time"))?;
    let ms = u64::try_from(at.unix_timestamp_nanos() / 1_000_000)
        .map_err(|_| wrong("is before all time"))?;
    if ms <= now {
        return Err(wrong("is over"));
    }
    Ok(ms)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_freeze_lasts_until_a_time_or_for_a_time() {
        let now = sys::clock::now_ms();
        let hour = moment("1h").unwrap();
        assert!((now + 3_600_000..now + 3_660_000).contains(&hour));
        assert_eq!(
            moment("2999-01-01T00:00Z").unwrap(),
            moment("2999-01-01T00:00:00Z").unwrap()
        );
        for wrong in ["", "soon", "48", "2001-01-01T00:00Z", "2999-13-01T00:00Z"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
