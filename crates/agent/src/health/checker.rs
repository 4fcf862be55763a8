//! The checks of one instance, for the background and for whoever asks.

use std::time::Duration;

use host::command::{self, Command};

use super::probe::{Get, Seen, http, tcp};
use crate::api::v1::HealthCheck;
use crate::instance::Scene;
use crate::refusal::Refusal;

/// Bytes of a command's output that are shown.
const SHOWN_BYTES_MAX: usize = 300;

/// Checks an instance; a command that does so runs once at a time.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    one_command: tokio::sync::Mutex<()>,
}

impl Checker {
    /// Checks once.
    pub(crate) async fn check(&self, scene: &Scene) -> Seen {
        let address = scene.address();
        match &scene.spec.health {
            HealthCheck::Tcp { timeout_ms } => tcp(address, *timeout_ms).await,
            HealthCheck::Http {
                path,
                timeout_ms,
                host,
                statuses,
            } => {
                let host = host.as_deref();
                let get = Get {
                    path,
                    host,
                    statuses,
                };
                http(address, get, *timeout_ms).await
            }
            HealthCheck::Command { words, timeout_ms } => {
                let _one = self.one_command.lock().await;
                match run(scene, words, *timeout_ms).await {
                    Ok(ran) => judge(&words.join(" "), *timeout_ms, &ran),
                    Err(refusal) => Seen::failed(refusal.to_string()),
                }
            }
        }
    }
}

async fn run(scene: &Scene, words: &[String], timeout_ms: u64) -> Result<command::Ran, Refusal> {
    let (root, env) = (scene.root(), scene.env()?);
    let hold = scene.place.dir.join("check.lock");
    let command = Command {
        words,
        cwd: &root,
        env: &env,
        hold: &hold,
        time: Duration::from_millis(timeout_ms),
    };
    command::run(command)
        .await
        .map_err(|error| Refusal::unusable("check", error))
}

fn judge(command: &str, timeout_ms: u64, ran: &command::Ran) -> Seen {
    let from = ran.output.len().saturating_sub(SHOWN_BYTES_MAX);
    let said = String::from_utf8_lossy(&ran.output[from..]);
    let said = match said.trim() {
        "" => String::new(),
        said => format!(", having printed: {}", said.replace(['\n', '\r'], " ")),
    };
    match ran.exit {
        Some(0) => Seen::passed(format!("`{command}` exited with code 0")),
        Some(code) => Seen::failed(format!("`{command}` exited with code {code}{said}")),
        None => Seen::failed(format!(
            "`{command}` did not end within {timeout_ms} ms, and was killed{said}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_judged_by_its_exit_with_the_end_of_what_it_said() {
        let check = |exit, output: &str, passed: bool, expected: &str| {
            let ran = command::Ran {
                exit,
                took: Duration::from_millis(5),
                output: output.into(),
            };
            let seen = judge("bin/check db", 500, &ran);
            assert_eq!((seen.passed, seen.detail.as_str()), (passed, expected));
        };
        check(Some(0), "fine\n", true, "`bin/check db` exited with code 0");
        check(
            Some(2),
            "no\nroute\n",
            false,
            "`bin/check db` exited with code 2, having printed: no route",
        );
        check(
            None,
            "",
            false,
            "`bin/check db` did not end within 500 ms, and was killed",
        );
    }
}
