//! `NAME.app`: an application's resource file.

use crate::Limits;
use crate::term::{Term, TermError, consult_one};

/// What a release needs to know of an application.
#[derive(Debug, Clone, PartialEq)]
pub struct AppFile {
    /// The application's name.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// Its description, empty where there is none.
    pub description: String,
    /// The modules that it introduces.
    pub modules: Vec<String>,
    /// The names that its processes register.
    pub registered: Vec<String>,
    /// The applications started before it.
    pub applications: Vec<String>,
    /// Those of them that may be missing.
    pub optional_applications: Vec<String>,
    /// The applications that it includes and starts itself.
    pub included_applications: Vec<String>,
    /// Its callback module and start argument; a library has none.
    pub start: Option<(String, Term)>,
    /// The default values of its environment.
    pub env: Vec<(String, Term)>,
}

/// Why bytes are not an `.app` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The bytes are not one Erlang term.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The term is not `{application, Name, Properties}`.
    #[error("expected {{application, NAME, [PROPERTIES]}}")]
    Shape,
    /// A property has a value of the wrong shape, or is missing and must not be.
    #[error("property {property}: expected {expected}")]
    Property {
        /// The property's name.
        property: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

impl AppFile {
    /// Reads the bytes of an `.app` file.
    ///
    /// # Errors
    /// Where they are not an application's resource file with a version.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, AppError> {
        let term = consult_one(bytes, limits)?;
        let Some([Term::Atom(tag), Term::Atom(name), properties]) = term.as_tuple() else {
            return Err(AppError::Shape);
        };
        if tag != "application" || properties.as_list().is_none() {
            return Err(AppError::Shape);
        }
        Ok(Self {
            name: name.clone(),
            vsn: text(properties, "vsn")?.ok_or(AppError::Property {
                property: "vsn",
                expected: "a string",
            })?,
            description: text(properties, "description")?.unwrap_or_default(),
            modules: atoms(properties, "modules")?,
            registered: atoms(properties, "registered")?,
            applications: atoms(properties, "applications")?,
            optional_applications: atoms(properties, "optional_applications")?,
            included_applications: atoms(properties, "included_applications")?,
            start: start(properties)?,
            env: env(properties)?,
        })
    }
}

fn text(properties: &Term, property: &'static str) -> Result<Option<String>, AppError> {
    let expected = "a string";
    properties
        .get(property)
        .map(|value| {
            value
                .text()
                .ok_or(AppError::Property { property, expected })
        })
        .transpose()
}

fn atoms(properties: &Term, property: &'static str) -> Result<Vec<String>, AppError> {
    let error = AppError::Property {
        property,
        expected: "a list of atoms",
    };
    let Some(value) = properties.get(property) else {
        return Ok(Vec::new());
    };
    let names: Option<Vec<String>> = value.as_list().and_then(|elements| {
        let names = elements.iter().map(|e| e.as_atom().map(str::to_owned));
        names.collect()
    });
    names.ok_or(error)
}

fn start(properties: &Term) -> Result<Option<(String, Term)>, AppError> {
    match properties.get("mod") {
        None => Ok(None),
        // `{mod, []}` says, too, that there is none.
        Some(Term::List(elements)) if elements.is_empty() => Ok(None),
        Some(value) => match value.as_tuple() {
            Some([Term::Atom(module), argument]) => Ok(Some((module.clone(), argument.clone()))),
            _ => Err(AppError::Property {
                property: "mod",
                expected: "{MODULE, ARGUMENT}",
            }),
        },
    }
}

fn env(properties: &Term) -> Result<Vec<(String, Term)>, AppError> {
    let error = AppError::Property {
        property: "env",
        expected: "a list of {KEY, VALUE}",
    };
    let Some(value) = properties.get("env") else {
        return Ok(Vec::new());
    };
    let pairs: Option<Vec<_>> = value.as_list().and_then(|elements| {
        let pairs = elements.iter().map(|e| match e.as_tuple() {
            Some([Term::Atom(key), value]) => Some((key.clone(), value.clone())),
            _ => None,
        });
        pairs.collect()
    });
    pairs.ok_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AppFile, AppError> {
        AppFile::read(text.as_bytes(), &Limits::RELEASE)
    }

    #[test]
    fn an_app_file_is_read() {
        let app = read(
            "{application,shop,[{vsn,\"1.2.0\"},{description,\"a shop\"},\n\
             {modules,['Elixir.Shop',shop_sup]},{applications,[kernel,stdlib]},\n\
             {mod,{'Elixir.Shop.Application',[]}},{env,[{port,4000}]},{registered,[]}]}.\n",
        )
        .unwrap();
        assert_eq!((app.name.as_str(), app.vsn.as_str()), ("shop", "1.2.0"));
        assert_eq!(app.modules, ["Elixir.Shop", "shop_sup"]);
        assert_eq!(app.applications, ["kernel", "stdlib"]);
        assert_eq!(app.start.unwrap().0, "Elixir.Shop.Application");
        assert_eq!(app.env, [("port".to_owned(), Term::Int(4000))]);
    }

    #[test]
    fn a_wrong_app_file_is_refused_with_its_property() {
        for (text, message) in [
            ("{application,shop,[]}.", "property vsn: expected a string"),
            (
                "{application,shop,[{vsn,\"1\"},{modules,[\"x\"]}]}.",
                "property modules: expected a list of atoms",
            ),
            (
                "{app,shop,[]}.",
                "expected {application, NAME, [PROPERTIES]}",
            ),
            ("", "expected one term and found 0"),
            (
                "{application,\nshop,",
                "line 2: expected a term, found the end of the file",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }
}
