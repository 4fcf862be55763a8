//! A release on disk: reading, checking, packing, signing, storing, unpacking.
//!
//! ```text
//! _build/…/rel/NAME ──tree──▶ ReleaseTree ──check──▶ CheckedRelease ──pack──▶ store: ID.cutover
//!                                                                               │ verify, unpack
//!                                                                 agent's store/ID/release/… ◀┘
//! ```
//!
//! An adapter: it moves bytes and decides nothing about rollouts. What comes from elsewhere (artifacts,
//! manifests, signatures) is bounded and verified before it is used.

mod archive;
pub mod check;
pub mod debug;
pub mod elf;
mod id;
pub mod manifest;
pub mod pack;
pub mod pair;
pub mod releases_file;
mod reproducible;
pub mod sbom;
pub mod sign;
pub mod store;
pub mod tree;
pub mod unpack;
pub mod upgrade;

pub use check::CheckedRelease;
pub use id::{ArtifactId, InvalidArtifactId};
pub use manifest::Manifest;
pub use reproducible::reproducible_env;
pub use sign::{SigningKey, TrustedKeys};
pub use store::Store;
pub use tree::ReleaseTree;
