//! The arguments of the tool.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use load::ws_bench::WsBench;
use load::{Error, Options, Target};

/// Makes bounded load on loopback and counts every answer.
#[derive(Debug, Parser)]
#[command(name = "load", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs clients of several kinds, prints `ready` when all are connected and a report at the end.
    Run(RunArgs),
    /// Measures echoes a second over WebSockets.
    WsBench(WsBenchArgs),
    /// Serves WebSockets that echo; prints its address.
    WsEcho(WsEchoArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// The server, such as http://127.0.0.1:4000; loopback or 10.77.0.0/16 only.
    #[arg(long)]
    url: String,
    /// The host header, where it is not the address.
    #[arg(long)]
    host: Option<String>,
    /// The longest time to run, such as 30s or 500ms.
    #[arg(long, default_value = "30s", value_parser = duration)]
    duration: Duration,
    /// Clients that send short requests.
    #[arg(long, default_value_t = 0)]
    http: usize,
    /// Short requests a second in all; without it, as fast as answers come.
    #[arg(long)]
    rate: Option<f64>,
    /// The path of a short request.
    #[arg(long, default_value = "/")]
    path: String,
    /// Clients that send long requests.
    #[arg(long, default_value_t = 0)]
    slow: usize,
    /// How long a long request takes.
    #[arg(long, default_value = "2s", value_parser = duration)]
    slow_for: Duration,
    /// Clients that send orders.
    #[arg(long, default_value_t = 0)]
    post: usize,
    /// Orders a second in all.
    #[arg(long, default_value_t = 50.0)]
    post_rate: f64,
    /// The file to which the instances append executed orders.
    #[arg(long)]
    orders_file: Option<PathBuf>,
    /// WebSockets.
    #[arg(long, default_value_t = 0)]
    ws: usize,
    /// How often each WebSocket sends.
    #[arg(long, default_value = "200ms", value_parser = duration)]
    ws_interval: Duration,
    /// Event streams.
    #[arg(long, default_value_t = 0)]
    sse: usize,
    /// How long a request may take.
    #[arg(long, default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// The header that names the version.
    #[arg(long, default_value = "x-version")]
    version_header: String,
    /// A file to create when all clients are connected.
    #[arg(long)]
    pub(crate) ready_file: Option<PathBuf>,
    /// Stop when stdin closes.
    #[arg(long)]
    pub(crate) until_stdin_closes: bool,
    /// End with the report as one line of JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl RunArgs {
    pub(crate) fn into_options(self) -> Result<Options, Error> {
        let slow_ms = self.slow_for.as_millis();
        Ok(Options {
            http: self.http,
            rate: self.rate,
            http_path: self.path,
            slow: self.slow,
            slow_path: format!("/slow?ms={slow_ms}&chunks=8"),
            post: self.post,
            post_rate: self.post_rate,
            ws: self.ws,
            ws_interval: self.ws_interval,
            sse: self.sse,
            timeout: self.timeout,
            version_header: self.version_header,
            orders_file: self.orders_file,
            ..Options::new(target(&self.url, self.host)?, self.duration)
        })
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct WsBenchArgs {
    /// The server, such as http://127.0.0.1:4000; loopback or 10.77.0.0/16 only.
    #[arg(long)]
    url: String,
    /// The host header, where it is not the address.
    #[arg(long)]
    host: Option<String>,
    /// The path of the WebSocket.
    #[arg(long, default_value = "/ws")]
    path: String,
    /// How many sockets.
    #[arg(long, default_value_t = 64)]
    sockets: usize,
    /// Bytes of each message.
    #[arg(long, default_value_t = 64)]
    payload: usize,
    /// For how long.
    #[arg(long, default_value = "5s", value_parser = duration)]
    duration: Duration,
    /// Print the report as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl WsBenchArgs {
    pub(crate) fn into_bench(self) -> Result<WsBench, Error> {
        Ok(WsBench {
            target: target(&self.url, self.host)?,
            path: self.path,
            sockets: self.sockets,
            payload_bytes: self.payload,
            duration: self.duration,
        })
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct WsEchoArgs {
    /// Where to listen; loopback or 10.77.0.0/16 only.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The longest time to serve.
    #[arg(long, default_value = "600s", value_parser = duration)]
    pub(crate) duration: Duration,
}

fn target(url: &str, host: Option<String>) -> Result<Target, Error> {
    let target = Target::parse(url)?;
    Ok(match host {
        Some(host) => target.with_host(host),
        None => target,
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: u64 = number.parse().map_err(|_| "no whole number".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err("the unit is ms, s or m".to_owned()),
    }
}
