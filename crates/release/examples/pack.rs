//! Packs a release into a store, as `cutover build` does after Mix: read, check, hash, sign, compress.
//!
//! `pack RELEASE_DIR WORK_DIR LEVEL THREADS` prints the artifact's path. `script/bench pack` measures it.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use release::pack::{Compression, pack};
use release::sbom::Sources;
use release::{ReleaseTree, SigningKey, Store, check};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [release, work, level, threads] = &arguments[..] else {
        return Err("usage: pack RELEASE_DIR WORK_DIR LEVEL THREADS".into());
    };
    let work = Path::new(work);
    let compression = Compression {
        level: level.parse()?,
        threads: threads.parse()?,
    };
    let (key, _) = SigningKey::load_or_create(&work.join("keys"))?;
    let store = Store::open(work.join("artifacts"))?;
    let checked = check::check(ReleaseTree::read(Path::new(release))?)?;
    let packed = pack(
        &checked,
        &key,
        &store,
        &Sources::default(),
        compression,
        &mut |_| (),
    )?;
    writeln!(std::io::stdout(), "{}", packed.path.display())?;
    Ok(())
}
