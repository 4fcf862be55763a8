//! Small releases: on disk for OTP, as values for the compiler.

use std::fs;
use std::path::Path;

use beam::rel::StartType;
use beam::term::consult_one;
use beam::{AppFile, Limits, Term};
use relup::{Application, Release};

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) vsn: String,
    pub(crate) start: StartType,
    pub(crate) modules: Vec<String>,
    pub(crate) uses: Vec<String>,
    pub(crate) includes: Vec<String>,
    pub(crate) registered: Vec<String>,
    /// The module that starts it, with the argument `[]`.
    pub(crate) callback: Option<String>,
    /// The text of its appup.
    pub(crate) appup: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rel {
    pub(crate) vsn: String,
    pub(crate) erts: String,
    pub(crate) apps: Vec<App>,
}

impl App {
    pub(crate) fn new(name: &str, vsn: &str, modules: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            vsn: vsn.to_owned(),
            start: StartType::Permanent,
            modules: modules.iter().map(|&m| m.to_owned()).collect(),
            uses: Vec::new(),
            includes: Vec::new(),
            registered: Vec::new(),
            callback: None,
            appup: None,
        }
    }

    pub(crate) fn with_appup(mut self, text: impl Into<String>) -> Self {
        self.appup = Some(text.into());
        self
    }

    fn text(&self) -> String {
        let callback = match &self.callback {
            Some(module) => format!(",{{mod,{{{module},[]}}}}"),
            None => String::new(),
        };
        format!(
            "{{application,{},[{{description,\"\"}},{{vsn,{}}},{{modules,{}}},{{registered,{}}},\
             {{applications,{}}},{{included_applications,{}}}{callback}]}}.\n",
            Term::atom(&self.name),
            Term::string(&self.vsn),
            atoms(&self.modules),
            atoms(&self.registered),
            atoms(&self.uses),
            atoms(&self.includes),
        )
    }

    /// Writes its files to `lib/APP-VSN/ebin`.
    pub(crate) fn write(&self, root: &Path) {
        let ebin = root.join(format!("lib/{}-{}/ebin", self.name, self.vsn));
        fs::create_dir_all(&ebin).unwrap();
        fs::write(ebin.join(format!("{}.app", self.name)), self.text()).unwrap();
        if let Some(appup) = &self.appup {
            fs::write(ebin.join(format!("{}.appup", self.name)), appup).unwrap();
        }
    }

    fn value(&self) -> Application {
        Application {
            name: self.name.clone(),
            vsn: self.vsn.clone(),
            start: self.start,
            resource: AppFile::read(self.text().as_bytes(), &Limits::RELEASE).unwrap(),
            modules: Default::default(),
            appup: self.appup.as_deref().map(term),
        }
    }
}

impl Rel {
    /// A release with the three applications that every one needs, and these.
    pub(crate) fn new(vsn: &str, apps: impl IntoIterator<Item = App>) -> Self {
        let mut all: Vec<App> = ["kernel", "stdlib", "sasl"]
            .map(|name| App::new(name, "4.2", &[]))
            .into();
        all.extend(apps);
        Self {
            vsn: vsn.to_owned(),
            erts: "13.1".to_owned(),
            apps: all,
        }
    }

    fn text(&self) -> String {
        let apps = self.apps.iter().map(|app| {
            Term::Tuple(vec![
                Term::atom(&app.name),
                Term::string(&app.vsn),
                Term::atom(app.start.as_atom()),
            ])
        });
        format!(
            "{{release,{{\"fixture\",{}}},{{erts,{}}},{}}}.\n",
            Term::string(&self.vsn),
            Term::string(&self.erts),
            Term::List(apps.collect()),
        )
    }

    pub(crate) fn value(&self) -> Release {
        Release {
            name: "fixture".to_owned(),
            vsn: self.vsn.clone(),
            erts: self.erts.clone(),
            applications: self.apps.iter().map(App::value).collect(),
            consolidated: Default::default(),
            sys_config: None,
            runtime_config: false,
            files: Default::default(),
        }
    }

    /// Writes `NAME.rel`, and what is not there yet of `lib/APP-VSN/ebin`.
    pub(crate) fn write(&self, root: &Path, name: &str) {
        fs::create_dir_all(root).unwrap();
        fs::write(root.join(format!("{name}.rel")), self.text()).unwrap();
        for app in &self.apps {
            app.write(root);
        }
    }
}

pub(crate) fn term(text: &str) -> Term {
    consult_one(text.as_bytes(), &Limits::RELEASE).unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub(crate) fn atoms(names: &[String]) -> Term {
    Term::List(names.iter().map(Term::atom).collect())
}
