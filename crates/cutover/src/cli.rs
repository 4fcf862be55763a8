//! The command line: global options, then one command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::commands::Command;
use crate::context::Context;
use crate::environment::Environment;
use crate::printer::{Mode, Printer};

/// Builds Elixir and Erlang releases, and changes the version that serves without losing a request.
#[derive(Debug, Parser)]
#[command(
    name = "cutover",
    version,
    max_term_width = 100,
    propagate_version = false
)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// The settings file [env: CUTOVER_CONFIG] [default: cutover.toml here or in a parent directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The environment to act on [env: CUTOVER_ENV] [default: production]
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Print the result as JSON on stdout; everything else goes to stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour; `auto` looks at the terminal and at NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Parses the arguments, runs the command, prints its failure and returns its exit code.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // clap prints help and version on stdout with 0, its errors on stderr with 2.
        Err(error) => error.exit(),
    };
    let environment = Environment::of_process();
    match cli.globals.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let printer = Printer::new(Mode {
        json: cli.globals.json,
        quiet: cli.globals.quiet,
        no_color: environment.no_color || matches!(cli.globals.color, Color::Never),
    });
    let context = Context::new(cli.globals, environment, printer);
    match cli.command.run(&context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            context.printer.failure(&failure);
            failure.exit()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
