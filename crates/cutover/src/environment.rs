//! The registry of environment variables: every one that this program reads is read here, once.

use std::ffi::OsString;
use std::path::PathBuf;

/// The directory of everything we keep: keys, artifacts, the agent.
pub(crate) const CUTOVER_HOME: &str = "CUTOVER_HOME";
/// The settings file, as `--config`.
pub(crate) const CUTOVER_CONFIG: &str = "CUTOVER_CONFIG";
/// The name of the environment to act on, as `--environment`.
pub(crate) const CUTOVER_ENV: &str = "CUTOVER_ENV";
/// Present and not empty: no colour (<https://no-color.org>).
pub(crate) const NO_COLOR: &str = "NO_COLOR";
/// Where state is kept on this machine, by the XDG base directory specification.
pub(crate) const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// The user's home directory.
pub(crate) const HOME: &str = "HOME";
/// What the agent and the proxy log, such as `debug` or `proxy=trace`; `info` unless given.
pub(crate) const CUTOVER_LOG: &str = "CUTOVER_LOG";
/// The user's name, as the ledger writes it down.
pub(crate) const USER: &str = "USER";
/// The kind of terminal, for a shell on a running node, and whether a view can be drawn.
pub(crate) const TERM: &str = "TERM";
/// Which characters the terminal shows: the first one that is given, as POSIX has it.
pub(crate) const CHARACTERS: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// What the environment variables say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(crate) home: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) environment: Option<String>,
    pub(crate) no_color: bool,
    pub(crate) xdg_state_home: Option<PathBuf>,
    pub(crate) user_home: Option<PathBuf>,
    pub(crate) user: Option<String>,
    pub(crate) term: Option<OsString>,
    /// Whether the terminal shows more than ASCII.
    pub(crate) utf8: bool,
    pub(crate) log: Option<String>,
}

impl Environment {
    /// Reads the variables of this process.
    pub(crate) fn of_process() -> Self {
        Self::read(|name| std::env::var_os(name))
    }

    /// Reads the variables through `get`; an empty variable counts as absent.
    fn read(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            home: get(CUTOVER_HOME).map(PathBuf::from),
            config: get(CUTOVER_CONFIG).map(PathBuf::from),
            environment: get(CUTOVER_ENV).map(|v| v.to_string_lossy().into_owned()),
            no_color: get(NO_COLOR).is_some(),
            xdg_state_home: get(XDG_STATE_HOME).map(PathBuf::from),
            user_home: get(HOME).map(PathBuf::from),
            user: get(USER).map(|v| v.to_string_lossy().into_owned()),
            term: get(TERM),
            utf8: CHARACTERS
                .iter()
                .find_map(|name| get(name))
                .is_some_and(|value| {
                    let value = value.to_string_lossy().to_ascii_lowercase();
                    value.contains("utf-8") || value.contains("utf8")
                }),
            log: get(CUTOVER_LOG).map(|v| v.to_string_lossy().into_owned()),
        }
    }

    /// The directory of everything we keep: `CUTOVER_HOME`, else `/var/lib/cutover` for root and for who
    /// has no home, else `cutover` in the user's state directory.
    pub(crate) fn cutover_home(&self, is_root: bool) -> PathBuf {
        if let Some(home) = &self.home {
            return home.clone();
        }
        // By the specification a relative XDG path is to be ignored.
        let state = self.xdg_state_home.clone().filter(|p| p.is_absolute());
        let user = || self.user_home.clone().map(|h| h.join(".local/state"));
        match state.or_else(user) {
            Some(state) if !is_root => state.join("cutover"),
            // Without a home there is no directory that only this user can have made, such as in /tmp.
            _ => PathBuf::from("/var/lib/cutover"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(variables: &[(&str, &str)], is_root: bool) -> String {
        let get = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let home = Environment::read(get).cutover_home(is_root);
        home.display().to_string()
    }

    #[test]
    fn home_is_the_variable_then_roots_then_the_users() {
        let all = [
            ("CUTOVER_HOME", "/c"),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(home(&all, true), "/c");
        assert_eq!(home(&all[1..], true), "/var/lib/cutover");
        assert_eq!(home(&all[1..], false), "/x/cutover");
        assert_eq!(home(&all[2..], false), "/h/.local/state/cutover");
        assert_eq!(
            home(&[("CUTOVER_HOME", ""), ("HOME", "/h")], false),
            "/h/.local/state/cutover"
        );
        assert_eq!(home(&[("XDG_STATE_HOME", "x")], false), "/var/lib/cutover");
    }
}
