//! Crash reports, counted in the text of a log.
//!
//! Known are the forms that stock releases write: Erlang's `=CRASH REPORT====`, `=SUPERVISOR REPORT====`
//! and `Error in process`; of Elixir the lines of level error that say that a `GenServer`, `Task`,
//! `Process` or their kin is terminating. A crash that is told by the process and by its supervisor
//! counts for each.
//!
//! What this cannot see: logs in JSON or in a format of one's own without `[error]`, and what a level or
//! a filter of the logger drops.

/// Counts crash reports in log text that comes in pieces.
#[derive(Debug, Clone, Default)]
pub struct CrashReports {
    total: u64,
    /// The beginning of a line that has not ended.
    line: Vec<u8>,
}

/// Bytes of a line that are looked at: what counts stands at its beginning.
const LINE_BYTES_MAX: usize = 512;

impl CrashReports {
    /// Begins with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the log.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|&b| b == b'\n') {
            self.extend(&bytes[..end]);
            self.total += u64::from(is_report(&String::from_utf8_lossy(&self.line)));
            self.line.clear();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// Reports so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
        self.line.extend(&bytes[..bytes.len().min(room)]);
    }
}

/// Whether a line begins a crash report.
fn is_report(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("=CRASH REPORT====") || line.starts_with("=SUPERVISOR REPORT====") {
        return true;
    }
    // Erlang's own of a process without proc_lib follows a line `=ERROR REPORT====`.
    if line.starts_with("Error in process <") {
        return true;
    }
    // `12:00:00.000 [error] GenServer Shop.Cart terminating`, with colours or metadata in between.
    let Some((_, said)) = line.split_once("[error]") else {
        return false;
    };
    let ended = [" terminating", " terminated", " raised an exception"];
    WHO.iter().any(|who| {
        said.split_once(who)
            .is_some_and(|(_, rest)| ended.iter().any(|word| rest.contains(word)))
    })
}

/// Whose end Elixir's logger tells, as it begins the message; the last two are web servers' own.
const WHO: [&str; 8] = [
    "GenServer ",
    ":gen_event ",
    ":gen_statem ",
    "Process ",
    "Task ",
    "Agent ",
    "#PID<",
    "Ranch ",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> u64 {
        let mut reports = CrashReports::new();
        reports.feed(text.as_bytes());
        reports.total()
    }

    #[test]
    fn reports_of_erlang_and_elixir_are_counted() {
        let check =
            |line: &str, expected| assert_eq!(count(&format!("{line}\n")), expected, "{line}");
        check("=CRASH REPORT==== 23-Nov-2026::20:34:08.750407 ===", 1);
        check("=SUPERVISOR REPORT==== 23-Nov-2026::20:34:08.750407 ===", 1);
        check(
            "Error in process <0.99.0> on node shop_1@host with exit value:",
            1,
        );
        check("20:34:08.750 [error] GenServer Shop.Cart terminating", 1);
        check("20:34:08.750 [error] GenServer #PID<0.5.0> terminating", 1);
        check(
            "20:34:08.750 request_id=F1 [error] Task #PID<0.5.0> started from Shop terminating",
            1,
        );
        check(
            "\u{1b}[31m20:34:08 [error] Process #PID<0.5.0> raised an exception",
            1,
        );
        check(
            "[error] #PID<0.5.0> running Shop.Endpoint (connection #PID<0.4.0>) terminated",
            1,
        );
        check("=ERROR REPORT==== 23-Nov-2026::20:34:08.750407 ===", 0);
        check("=PROGRESS REPORT==== 23-Nov-2026::20:34:08.750407 ===", 0);
        check("20:34:08.750 [info] GenServer Shop.Cart terminating", 0);
        check("20:34:08.750 [error] the session was terminated", 0);
        check("** (stop) GenServer terminating", 0);
    }

    #[test]
    fn a_line_counts_once_however_it_comes() {
        let text = "x\n=CRASH REPORT==== now ===\r\n  crasher:\n";
        for size in 1..text.len() {
            let mut reports = CrashReports::new();
            text.as_bytes().chunks(size).for_each(|c| reports.feed(c));
            assert_eq!(reports.total(), 1, "pieces of {size}");
        }
        assert_eq!(
            count(&format!("{}=CRASH REPORT====\n", "x".repeat(1000))),
            0
        );
    }
}
