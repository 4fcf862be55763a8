//! The upgrade package: what brings a host from one release to another and back.
//!
//! ```text
//! zstd frame:      tar: manifest.json, manifest.json.minisig, relup, up/N…, down/N…
//! skippable frame: the seal of an artifact
//! ```
//!
//! It holds only what differs. A file that both releases have is named with a mark of what it holds,
//! and is copied on the host where its directory carries a version. What differs comes in groups of
//! files, compressed with the other release's files of the group at hand, in both directions. The
//! manifest has a digest of each release as a whole, so a base that is not the one named, or was
//! altered, is refused, and what was applied is proven to be the release that was meant.
//!
//! Applying stages everything beside the release, verifies it, and then moves it into place by renames
//! in such an order that the base boots at every instant: new libraries, the new `releases/VSN`, last
//! `bin`. `start_erl.data` and `RELEASES` stay as they are; to make the new release permanent is the
//! business of the live upgrade.

mod apply;
mod base;
mod delta;
mod error;
mod layout;
mod make;
mod manifest;
mod package;
mod stage;
mod steps;
mod wire;
mod write;

pub use apply::{Applied, apply};
pub use error::UpgradeError;
pub use make::{Made, make};
pub use manifest::{Group, Mark, Shared, Side, UpgradeManifest};
pub use package::{Package, Trust};
pub use stage::stage;
pub use steps::{Staged, Step};
pub use wire::UpgradeManifestError;
