//! What a failed word with Mix is to a person.

use project::Error;

use super::{Failure, Kind};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotAProject { .. } => Self::of(Kind::Configuration, &error)
                .hint("run it in the directory of your mix.exs, or make a project with `mix new`"),
            Error::NotInstalled { program } if program == "mix" || program == "elixir" => {
                Self::of(Kind::Build, &error)
                    .hint("install Elixir (on Debian: `apt install elixir`), or put it on the PATH")
            }
            Error::NotInstalled { .. } => Self::of(Kind::Build, &error)
                .hint("a command of [build] before in cutover.toml asks for it"),
            Error::Failed { output, .. } => Self::of(Kind::Build, &error).verbatim(output),
            Error::NotRun { .. } | Error::Malformed { .. } | Error::File(_) => {
                Self::of(Kind::Build, &error)
            }
        }
    }
}
