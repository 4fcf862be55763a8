//! What the end of an application's log says a person should do.

/// Reads the end of a log; a hint, if a cause is known that has a remedy.
pub(crate) fn hint(log: &str) -> Option<String> {
    unset_variable(log).map(|name| {
        format!(
            "the app wants the environment variable {name}: set it in [env] of cutover.toml, or in the \
             file that env_file names"
        )
    })
}

/// Finds the variable that `System.fetch_env!/1`, or a `raise` as Phoenix generates it, missed.
fn unset_variable(log: &str) -> Option<&str> {
    log.lines().rev().find_map(|line| {
        let fetched = line
            .split_once("could not fetch environment variable \"")
            .and_then(|(_, rest)| rest.split_once("\" because it is not set"));
        let raised = line
            .split_once("environment variable ")
            .and_then(|(_, rest)| rest.split_once(" is missing"));
        let (name, _) = fetched.or(raised)?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unset_variable_is_found_however_it_was_missed() {
        let fetch = "** (System.EnvError) could not fetch environment variable \"PORT\" because it is not set";
        let phoenix = "ERROR! Config provider Config.Reader failed with:\n\
            ** (RuntimeError) environment variable SECRET_KEY_BASE is missing.\n\
            You can generate one by calling: mix phx.gen.secret\n";
        assert_eq!(unset_variable(fetch), Some("PORT"));
        assert_eq!(unset_variable(phoenix), Some("SECRET_KEY_BASE"));
        assert_eq!(unset_variable("environment variable <redacted> is missing"), None);
        assert_eq!(unset_variable("all is well"), None);
        assert!(hint(phoenix).unwrap().contains("SECRET_KEY_BASE"));
    }
}
