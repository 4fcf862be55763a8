//! The receipt as plain text.

use std::fmt;

use super::{Percentiles, Receipt};

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |artifact: &str| artifact.get(..12).unwrap_or(artifact).to_owned();
        let version = |artifact: &str, vsn: &str| format!("{vsn} ({})", short(artifact));
        let to = version(&self.to, &self.to_vsn);
        let from = self
            .from
            .as_deref()
            .map(|from| version(from, self.from_vsn.as_deref().unwrap_or_default()));
        writeln!(f, "{} {}: {}", self.purpose, self.rollout, self.phase)?;
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
            .map(|step| format!("{} {}", step.step, ms(step.took_ms)))
            .collect();
        write!(
            f,
            "  time       {} ({})",
            ms(self.took_ms),
            steps.join(", ")
        )?;
        for missing in &self.missing {
            write!(f, "\n  incomplete {missing}")?;
        }
        Ok(())
    }
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
