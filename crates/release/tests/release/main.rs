//! Real releases, made by `mix release`, read, broken, packed and unpacked.

#![expect(
    clippy::disallowed_methods,
    reason = "tests break files in place and write the project they build"
)]

mod artifact;
mod checks;
mod debug;
mod describe;
mod full_disk;
mod hostile;
mod releases_file;
mod reproducible;
mod sample;
mod signatures;
mod stores;
