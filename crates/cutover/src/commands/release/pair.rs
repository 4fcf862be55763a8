//! The two releases that a command compares.

use std::path::{Path, PathBuf};

use ::release::Store;
use ::release::pair::{PairError, Reading, Source, read_pair};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

/// What `RELEASE` may be, for the help of every command that takes one.
pub(super) const RELEASE_HELP: &str = "a release's directory (of Mix, Distillery, relx), its .tar.gz, or an artifact: \
     a .cutover file, `latest`, the first digits of an id, a version";

/// Two releases.
#[derive(Debug, clap::Args)]
pub(super) struct Pair {
    #[arg(value_name = "A", help = format!("The older release: {RELEASE_HELP}"))]
    a: String,
    /// The newer release
    #[arg(value_name = "B")]
    b: String,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// How releases are read.
#[derive(Debug, clap::Args)]
pub(super) struct ReadingArgs {
    /// Which version is meant, where the older directory holds several
    #[arg(long, value_name = "VSN")]
    from_vsn: Option<String>,
    /// Which version is meant, where the newer directory holds several
    #[arg(long, value_name = "VSN")]
    to_vsn: Option<String>,
    /// Where to look for debug information of stripped modules: an archive of debug chunks, or a
    /// directory with unstripped beams, such as _build/prod/lib; that beside an artifact is found by
    /// itself
    #[arg(long, value_name = "PATH")]
    debug: Vec<PathBuf>,
}

impl Pair {
    /// Reads both.
    pub(super) fn read(&self, context: &Context) -> Result<(Reading, Reading), Failure> {
        self.reading.read(&self.a, &self.b, context)
    }
}

impl ReadingArgs {
    /// Reads two releases.
    pub(super) fn read(
        &self,
        a: &str,
        b: &str,
        context: &Context,
    ) -> Result<(Reading, Reading), Failure> {
        let a = source(a, self.from_vsn.as_deref(), context)?;
        let b = source(b, self.to_vsn.as_deref(), context)?;
        read_pair(&a, &b, &self.debug).map_err(|e| failure(&e))
    }
}

/// The release that a person means: what is there under that path, or an artifact of the store.
fn source(wanted: &str, vsn: Option<&str>, context: &Context) -> Result<Source, Failure> {
    let path = Path::new(wanted);
    let looks_like_path = wanted.contains('/') || wanted.ends_with(".cutover") || path.exists();
    if looks_like_path {
        return Source::open(path, vsn).map_err(|e| failure(&e));
    }
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    let path = store.find(wanted).or_fail(Kind::Usage)?.path;
    Source::open(&path, vsn).map_err(|e| failure(&e))
}

/// A release that cannot be read, with its exit code.
pub(super) fn failure(error: &PairError) -> Failure {
    let kind = match error {
        PairError::File(_) => Kind::Other,
        PairError::NotRelease { .. } => Kind::Usage,
        PairError::Tree(_)
        | PairError::Artifact(_)
        | PairError::Debug(_)
        | PairError::Archive { .. }
        | PairError::Unsound { .. }
        | PairError::WithoutSasl { .. } => Kind::Verification,
    };
    Failure::of(kind, error)
}
