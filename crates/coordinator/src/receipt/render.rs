//! The receipt as plain text.

use std::fmt;

use super::{HostReceipt, Percentiles, Receipt};

/// Hosts that are told one by one.
const HOSTS_SHOWN: usize = 10;

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |artifact: &str| artifact.get(..12).unwrap_or(artifact).to_owned();
        let version = |artifact: &str, vsn: &str| format!("{vsn} ({})", short(artifact));
        let to = version(&self.to, &self.to_vsn);
        let from = self
            .from
            .as_deref()
            .map(|from| version(from, self.from_vsn.as_deref().unwrap_or_default()));
        let strategy = match self.strategy.as_str() {
            "" => String::new(),
            strategy => format!(" ({strategy})"),
        };
        writeln!(
            f,
            "{} {}: {}{strategy}",
            self.purpose, self.rollout, self.phase
        )?;
        match from {
            Some(from) => writeln!(f, "  version    {from} -> {to}")?,
            None => writeln!(f, "  version    {to}")?,
        }
        writeln!(
            f,
            "  requests   {} seen, {} failed, {} retried, {} held",
            self.requests, self.failed, self.retried, self.held
        )?;
        let classes: Vec<String> = (1..=5)
            .zip(self.status)
            .filter(|(_, count)| *count > 0)
            .map(|(class, count)| format!("{class}xx {count}"))
            .collect();
        writeln!(
            f,
            "  answers    {}",
            if classes.is_empty() {
                "none".into()
            } else {
                classes.join(", ")
            }
        )?;
        writeln!(
            f,
            "  sockets    {} moved, {} cut",
            self.sockets_moved, self.sockets_cut
        )?;
        for (name, part) in [
            ("before", self.latency.before),
            ("during", self.latency.during),
            ("after", self.latency.after),
        ] {
            writeln!(f, "  {name:<10} {}", latency(part))?;
        }
        let steps: Vec<String> = self
            .steps
            .iter()
            .map(|step| match step.end.as_str() {
                "" | "done" => format!("{} {}", step.step, ms(step.took_ms)),
                end => format!("{} {end} after {}", step.step, ms(step.took_ms)),
            })
            .collect();
        write!(
            f,
            "  time       {} ({})",
            ms(self.took_ms),
            steps.join(", ")
        )?;
        for step in &self.steps {
            for note in &step.notes {
                write!(f, "\n  note       {}: {}", step.step, indented(note))?;
            }
        }
        self.hosts(f)?;
        for finding in &self.analyses {
            write!(
                f,
                "\n  analysis   {} in {}: {}; {}",
                finding.name, finding.step, finding.outcome, finding.detail
            )?;
        }
        for verb in &self.verbs {
            write!(f, "\n  asked      {}", verb.verb)?;
            if let Some(by) = &verb.by {
                write!(f, " by {by}")?;
            }
            if let Some(why) = &verb.why {
                write!(f, ": {why}")?;
            }
        }
        for missing in &self.missing {
            write!(f, "\n  incomplete {missing}")?;
        }
        Ok(())
    }
}

impl Receipt {
    /// The hosts, where there are several; of very many only those that stand out.
    fn hosts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stands_out =
            |host: &&HostReceipt| host.failed > 0 || host.sockets_cut > 0 || host.aside.is_some();
        let few = self.hosts.len() <= HOSTS_SHOWN;
        let shown = |host: &&HostReceipt| (few && self.hosts.len() > 1) || stands_out(host);
        for host in self.hosts.iter().filter(shown) {
            write!(
                f,
                "\n  host       {}: {} requests, {} failed, {} retried; sockets {} moved, {} cut",
                host.host,
                host.requests,
                host.failed,
                host.retried,
                host.sockets_moved,
                host.sockets_cut
            )?;
            if let Some(why) = &host.aside {
                write!(f, "; set aside: {why}")?;
            }
        }
        if !few {
            let alike = self.hosts.iter().filter(|host| !stands_out(host)).count();
            write!(f, "\n  hosts      {alike} more, on which nothing failed")?;
        }
        for out in &self.left_out {
            write!(f, "\n  left out   {out}")?;
        }
        Ok(())
    }
}

/// Puts the further lines of a text under its first.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n             ")
}

fn latency(part: Option<Percentiles>) -> String {
    match part {
        Some(part) => format!(
            "p50 {}, p99 {} of {} answers",
            us(part.p50_us),
            us(part.p99_us),
            part.count
        ),
        None => "no answers".into(),
    }
}

fn us(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

fn ms(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{:.1} s", ms as f64 / 1e3)
    }
}
