//! Two real releases: read from every form, made an upgrade package, applied both ways, cut short, altered.

#![expect(
    clippy::disallowed_methods,
    reason = "tests write the projects they build and alter releases in place"
)]

mod applying;
mod crash;
mod hostile_packages;
mod hostile_tars;
mod reading;
mod refused;
mod relx;
mod unsound;
mod world;
