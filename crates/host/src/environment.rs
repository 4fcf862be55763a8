//! The environment of an instance: made from nothing, not inherited.

use std::collections::BTreeMap;
use std::path::Path;

/// What an instance takes over from its host, and what it gets where the host has none.
const BASE: [(&str, Option<&str>); 7] = [
    (
        "PATH",
        Some("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ),
    ("HOME", Some("/")),
    ("LANG", Some("C.UTF-8")),
    ("USER", None),
    ("LOGNAME", None),
    ("TZ", None),
    ("TMPDIR", None),
];

/// Why an environment cannot be given to an instance.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A variable that is ours to set.
    #[error(
        "{variable} is set in [env], but cutover sets it itself: the node name follows from the slot; \
         remove it"
    )]
    Ours {
        /// The variable.
        variable: String,
    },
    /// A port's variable is set as well.
    #[error("{variable} is both in [env] and in [ports]: keep the one in [ports]")]
    PortTwice {
        /// The variable.
        variable: String,
    },
    /// Something that no environment can hold.
    #[error(
        "{variable:?} in [env] cannot be set: a name must be non-empty without `=`, and neither name nor value may hold a zero byte"
    )]
    Unfit {
        /// The variable.
        variable: String,
    },
}

/// What an environment is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The variables that the user gave.
    pub given: &'a BTreeMap<String, String>,
    /// The ports, by variable.
    pub ports: &'a BTreeMap<String, u16>,
    /// The node name without its host.
    pub node: &'a str,
    /// The instance's root.
    pub root: &'a Path,
}

/// Makes the whole environment of an instance. `RELEASE_VSN` is dropped: it would override
/// `start_erl.data`. `RELEASE_COOKIE` is dropped: the cookie is in the file that the launcher reads.
///
/// # Errors
/// Where the given variables contradict what cutover must set.
pub fn of(
    parts: Parts<'_>,
    host: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut env = base(host);
    for (variable, value) in parts.given {
        check(parts, variable, value)?;
        env.insert(variable.clone(), value.clone());
    }
    env.remove("RELEASE_VSN");
    env.remove("RELEASE_COOKIE");
    for (variable, port) in parts.ports {
        env.insert(variable.clone(), port.to_string());
    }
    env.insert("RELEASE_NODE".into(), parts.node.to_owned());
    env.entry("RELEASE_DISTRIBUTION".into())
        .or_insert_with(|| "sname".into());
    let tmp = parts.root.join("tmp");
    env.insert("RELEASE_TMP".into(), tmp.to_string_lossy().into_owned());
    Ok(env)
}

/// What every program gets from its host, and where the host has nothing to give.
pub fn base(host: impl Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (variable, default) in BASE {
        let value = match variable {
            "LANG" => default.map(str::to_owned),
            _ => host(variable).or(default.map(str::to_owned)),
        };
        if let Some(value) = value {
            env.insert(variable.to_owned(), value);
        }
    }
    env
}

fn check(parts: Parts<'_>, variable: &str, value: &str) -> Result<(), Error> {
    let variable = variable.to_owned();
    if variable.is_empty() || variable.contains(['=', '\0']) || value.contains('\0') {
        return Err(Error::Unfit { variable });
    }
    if matches!(
        variable.as_str(),
        "RELEASE_NODE" | "RELEASE_TMP" | "RELEASE_ROOT"
    ) {
        return Err(Error::Ours { variable });
    }
    if parts.ports.contains_key(&variable) {
        return Err(Error::PortTwice { variable });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(given: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Error> {
        let given = given
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let parts = Parts {
            given: &given,
            ports: &BTreeMap::from([("PORT".to_owned(), 4001)]),
            node: "shop_1",
            root: Path::new("/i/root"),
        };
        of(parts, |name| {
            (name == "PATH" || name == "SECRET_OF_THE_AGENT").then(|| "/bin".to_owned())
        })
    }

    #[test]
    fn an_instance_sees_its_own_variables_and_nothing_of_the_agent() {
        let env = made(&[("A", "b"), ("RELEASE_VSN", "9"), ("RELEASE_COOKIE", "c")]).unwrap();
        let lines: Vec<String> = env.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            lines,
            [
                "A=b",
                "HOME=/",
                "LANG=C.UTF-8",
                "PATH=/bin",
                "PORT=4001",
                "RELEASE_DISTRIBUTION=sname",
                "RELEASE_NODE=shop_1",
                "RELEASE_TMP=/i/root/tmp",
            ]
        );
    }

    #[test]
    fn what_the_user_says_of_distribution_and_language_holds() {
        let env = made(&[("RELEASE_DISTRIBUTION", "none"), ("LANG", "de_DE.UTF-8")]).unwrap();
        assert_eq!(env["RELEASE_DISTRIBUTION"], "none");
        assert_eq!(env["LANG"], "de_DE.UTF-8");
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |variable: &str, value: &str| made(&[(variable, value)]).unwrap_err();
        let variable = "PORT".to_owned();
        assert_eq!(refused("PORT", "1"), Error::PortTwice { variable });
        assert!(matches!(refused("RELEASE_NODE", "x"), Error::Ours { .. }));
        assert!(matches!(refused("A=B", "x"), Error::Unfit { .. }));
        assert!(matches!(refused("A", "x\0"), Error::Unfit { .. }));
    }
}
