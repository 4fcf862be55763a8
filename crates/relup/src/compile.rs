//! The compiler: releases and appups in, the scripts of a `relup` out.
//!
//! What comes out is what `systools:make_relup` of OTP's sasl makes, apart from the differences that
//! docs/relup.md lists. The passes, each a function to a richer type:
//!
//! ```text
//! Release ─checked─▶ Checked ┐
//! appups ────────────────────┴─gather─▶ [Script] ─split─▶ Split<High> ─pairing─▶ the same, found sound
//!   ─applications─▶ Split<Step> ─translate (graph)─▶ Split<Low> ─finish─▶ [Low]
//! ```

mod applications;
mod checked;
mod finish;
mod gather;
mod graph;
mod pairing;
mod split;
mod start_order;
#[cfg(test)]
mod table;
mod translate;

use crate::{Appups, Direction, Edge, Low, Release, Relup};
pub use checked::ReleaseError;
pub use gather::GatherError;
pub use split::ScriptError;

use checked::Checked;

/// Why there is no relup of these releases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// One of the releases cannot be upgraded, or upgraded to.
    #[error("release {vsn}: {source}")]
    Release {
        /// Its version.
        vsn: String,
        /// What is wrong with it.
        source: Box<ReleaseError>,
    },
    /// A base has the version of the release itself.
    #[error("release {vsn}: the base has the same version; give the new release another")]
    SameVsn {
        /// The version.
        vsn: String,
    },
    /// Two bases have one version.
    #[error("release {vsn} is given as a base twice")]
    SameBase {
        /// The version.
        vsn: String,
    },
    /// What to do cannot be found out for an application.
    #[error("{source}")]
    Gather {
        /// The version of the base.
        base: String,
        /// Which way was asked for.
        direction: Direction,
        /// What is missing or wrong.
        source: Box<GatherError>,
    },
    /// The instructions of the applications do not make a script.
    #[error("{direction}, base {base}: {source}")]
    Script {
        /// The version of the base.
        base: String,
        /// Which way was asked for.
        direction: Direction,
        /// What is wrong.
        source: Box<ScriptError>,
    },
}

/// The two releases of a script, and which way it goes.
struct Pair<'a> {
    /// The release whose appups speak.
    top: &'a Checked<'a>,
    base: &'a Checked<'a>,
    direction: Direction,
}

impl<'a> Pair<'a> {
    /// The release that runs before the script.
    fn from(&self) -> &'a Checked<'a> {
        match self.direction {
            Direction::Up => self.base,
            Direction::Down => self.top,
        }
    }

    /// The release that runs after it.
    fn to(&self) -> &'a Checked<'a> {
        match self.direction {
            Direction::Up => self.top,
            Direction::Down => self.base,
        }
    }
}

/// Makes the relup of a release, up from and down to each of the bases.
///
/// The same input gives the same relup to the byte. As `systools` does, it has the bases in the
/// reverse of the order given.
///
/// # Errors
/// Where a release is not sound, an application that changed has no instructions, or these do not make
/// a script.
pub fn compile(top: &Release, bases: &[&Release], appups: &Appups) -> Result<Relup, CompileError> {
    let top = checked(top)?;
    let mut relup = Relup {
        vsn: top.release.vsn.clone(),
        up: Vec::new(),
        down: Vec::new(),
    };
    for base in bases.iter().rev() {
        let vsn = base.vsn.clone();
        if vsn == relup.vsn {
            return Err(CompileError::SameVsn { vsn });
        }
        if relup.edge(Direction::Up, &vsn).is_some() {
            return Err(CompileError::SameBase { vsn });
        }
        let base = &checked(base)?;
        for direction in [Direction::Up, Direction::Down] {
            let top = &top;
            let pair = Pair {
                top,
                base,
                direction,
            };
            let edge = Edge {
                vsn: vsn.clone(),
                description: String::new(),
                instructions: script(&pair, appups)?,
            };
            match direction {
                Direction::Up => relup.up.push(edge),
                Direction::Down => relup.down.push(edge),
            }
        }
    }
    Ok(relup)
}

fn checked(release: &Release) -> Result<Checked<'_>, CompileError> {
    Checked::new(release).map_err(|source| CompileError::Release {
        vsn: release.vsn.clone(),
        source: Box::new(source),
    })
}

fn script(pair: &Pair<'_>, appups: &Appups) -> Result<Vec<Low>, CompileError> {
    let base = || pair.base.release.vsn.clone();
    let direction = pair.direction;
    let scripts = gather::gather(pair, appups).map_err(|source| CompileError::Gather {
        base: base(),
        direction,
        source: Box::new(source),
    })?;
    passes(pair, scripts).map_err(|source| CompileError::Script {
        base: base(),
        direction,
        source: Box::new(source),
    })
}

fn passes(pair: &Pair<'_>, scripts: Vec<gather::Script>) -> Result<Vec<Low>, ScriptError> {
    let split = split::split(scripts)?;
    pairing::check(&split)?;
    let steps = applications::expand(split, pair)?;
    let low = translate::translate(steps, pair)?;
    finish::finish(low, pair.direction)
}
