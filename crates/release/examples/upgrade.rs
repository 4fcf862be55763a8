//! Compares two releases, judges them and makes the upgrade package, as `cutover release diff`, `verdict`
//! and `upgrade` do, in one process.
//!
//! `upgrade A B OUTPUT [DEBUG…]` prints what each part took.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use release::pair::{Source, read_pair};
use release::upgrade::make;
use relup::Appups;
use sys::clock::monotonic;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [a, b, output, debug @ ..] = &arguments[..] else {
        return Err("usage: upgrade A B OUTPUT [DEBUG…]".into());
    };
    let begun = monotonic();
    let open = |path: &Path| Source::open(path, None);
    let (a, b) = read_pair(&open(a)?, &open(b)?, debug)?;
    let read = monotonic();
    let diff = relup::diff(&a.release, &b.release);
    let compared = monotonic();
    let judged = verdict::judge(&a.release, &b.release, &Appups::default());
    let judged_at = monotonic();
    let relup = judged.relup.ok_or("there is no relup")?;
    let made = make(&a, &b, &relup.to_string(), None, output)?;
    let ended = monotonic();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} applications differ, hot: {}, {} bytes; read {:?}, diff {:?}, verdict {:?}, package {:?}",
        diff.applications.len(),
        judged.verdict.is_hot(),
        made.bytes,
        read - begun,
        compared - read,
        judged_at - compared,
        ended - judged_at
    )?;
    Ok(())
}
