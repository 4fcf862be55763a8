//! The `load` tool: arguments to options, a report to text.

mod args;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use args::{Args, Command, RunArgs, WsBenchArgs, WsEchoArgs};
use clap::Parser;
use load::ws_bench::{self, WsBench};
use load::ws_echo::EchoServer;
use tokio::signal::unix::{SignalKind, signal};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match start(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "load: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn start(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match command {
            Command::Run(args) => run(args).await,
            Command::WsBench(args) => bench(args).await,
            Command::WsEcho(args) => echo(args).await,
        }
    })
}

async fn run(args: RunArgs) -> Result<()> {
    let (json, ready_file, until_stdin_closes) =
        (args.json, args.ready_file.clone(), args.until_stdin_closes);
    let running = load::start(args.into_options()?)?;
    {
        let announce = async {
            if running.ready().await {
                say("ready")?;
                if let Some(path) = &ready_file {
                    create(path)?;
                }
            }
            running.over().await;
            Result::Ok(())
        };
        tokio::select! {
            announced = announce => announced?,
            asked = asked_to_stop(until_stdin_closes) => asked?,
        }
    }
    running.stop();
    let report = running.finish().await?;
    if json {
        say(&serde_json::to_string(&report)?)
    } else {
        say(load::table(&report).trim_end())
    }
}

async fn bench(args: WsBenchArgs) -> Result<()> {
    let json = args.json;
    let bench: WsBench = args.into_bench()?;
    let report = tokio::select! {
        report = ws_bench::run(&bench) => report?,
        asked = asked_to_stop(false) => return asked,
    };
    if json {
        return say(&serde_json::to_string(&report)?);
    }
    say(&format!(
        "{} sockets, {} bytes: {:.0} echoes/s, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms, {} failed",
        report.sockets,
        report.payload_bytes,
        report.messages_per_s,
        report.latency.p50_ms,
        report.latency.p99_ms,
        report.latency.max_ms,
        report.failed
    ))
}

async fn echo(args: WsEchoArgs) -> Result<()> {
    let server = EchoServer::bind(args.listen).await?;
    say(&server.address().to_string())?;
    tokio::select! {
        served = server.serve() => Ok(served?),
        () = tokio::time::sleep(args.duration) => Ok(()),
        asked = asked_to_stop(false) => asked,
    }
}

/// Completes on SIGTERM, SIGINT and, if asked for, when stdin closes.
async fn asked_to_stop(until_stdin_closes: bool) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (closed, stdin_closed) = tokio::sync::oneshot::channel::<()>();
    let _kept_open = if until_stdin_closes {
        // A thread of its own: the runtime would wait for a read that nobody answers.
        std::thread::spawn(move || {
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
            closed.send(()).ok();
        });
        None
    } else {
        Some(closed)
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = stdin_closed => {}
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn create(path: &Path) -> Result<()> {
    File::create(path)
        .map(drop)
        .map_err(|e| format!("cannot create {}: {e}", path.display()).into())
}
