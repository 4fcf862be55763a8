//! What `mix release` must be run with so that the same inputs give the same artifact.

/// The environment variables to set for `mix compile` and `mix release`.
///
/// - `ERL_COMPILER_OPTIONS=deterministic`: beams keep no build path, options or order that could differ.
///   An `ERL_COMPILER_OPTIONS` of the user's must be joined with it: `[deterministic,OTHERS]`.
/// - `SOURCE_DATE_EPOCH=0`: tools of the build that honour it (assets, C compilers) write no time.
///
/// With these, two builds from clean differ in `releases/COOKIE` only, which no artifact holds.
/// Tried with Elixir 1.14 on OTP 25. What is left to the project: code that asks for the time, the host
/// or a path outside the project while it compiles, and configuration read from the environment at build
/// time (`config/prod.exs`), which is an input like any other.
pub fn reproducible_env() -> [(&'static str, &'static str); 2] {
    [
        ("ERL_COMPILER_OPTIONS", "deterministic"),
        ("SOURCE_DATE_EPOCH", "0"),
    ]
}
