use std::collections::BTreeMap;
use std::sync::Arc;

use beam::term::consult_one;
use beam::{AppFile, Limits, ModuleMd5, rel::StartType};

use super::*;
use crate::model::{File, Modules};
use crate::{Application, Module};

fn module_of(name: &str, code: u8) -> Arc<Module> {
    Arc::new(Module {
        name: name.to_owned(),
        md5: ModuleMd5([code; 16]),
        exports: vec![("module_info".to_owned(), 0)],
        imports: Vec::new(),
        funs: 0,
        behaviours: Vec::new(),
        vsn: None,
        on_load: false,
        loads_nif: false,
        debug: None,
    })
}

/// An application: name, version, more properties, modules with what stands for their code.
type App<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, u8)]);

fn release(vsn: &str, apps: &[App<'_>]) -> Release {
    let mut files = BTreeMap::new();
    let mut applications = Vec::new();
    for (name, app_vsn, extra, modules) in apps {
        let text = format!("{{application, {name}, [{{vsn, \"{app_vsn}\"}}{extra}]}}.");
        let resource = AppFile::read(text.as_bytes(), &Limits::RELEASE).unwrap();
        let mut own = Modules::new();
        for (module, code) in *modules {
            own.insert((*module).to_owned(), module_of(module, *code));
            let path = format!("lib/{name}-{app_vsn}/ebin/{module}.beam");
            let digest = [*code; 32];
            files.insert(path, File { size: 10, digest });
        }
        applications.push(Application {
            name: (*name).to_owned(),
            vsn: (*app_vsn).to_owned(),
            start: StartType::Permanent,
            resource,
            modules: own,
            appup: None,
        });
    }
    Release {
        name: "shop".to_owned(),
        vsn: vsn.to_owned(),
        erts: "13.1.5".to_owned(),
        applications,
        consolidated: Modules::new(),
        sys_config: None,
        runtime_config: false,
        files,
    }
}

fn config(text: &str) -> Option<beam::Term> {
    Some(consult_one(text.as_bytes(), &Limits::RELEASE).unwrap())
}

#[test]
fn a_release_does_not_differ_from_itself() {
    let one = release("1", &[("shop", "1", "", &[("a", 1)])]);
    assert!(diff(&one, &one).is_empty());
}

#[test]
fn modules_are_added_removed_and_changed() {
    let a = release("1", &[("shop", "1", "", &[("a", 1), ("b", 1), ("c", 1)])]);
    let b = release("2", &[("shop", "2", "", &[("b", 2), ("c", 1), ("d", 1)])]);
    let diff = diff(&a, &b);
    let [app] = &diff.applications[..] else {
        panic!("{diff:?}");
    };
    let changes: Vec<(&str, Change)> = app
        .modules
        .iter()
        .map(|m| (m.name.as_str(), m.change))
        .collect();
    let expected = [
        ("a", Change::Removed),
        ("b", Change::Changed),
        ("d", Change::Added),
    ];
    assert_eq!(changes, expected);
    assert_eq!(app.modules_same, 1);
    assert!(!app.is_vsn_unchanged());
}

#[test]
fn content_that_changed_under_an_unchanged_version_shows() {
    let a = release("1", &[("shop", "1", "", &[("a", 1)])]);
    let b = release("2", &[("shop", "1", "", &[("a", 2)])]);
    assert!(diff(&a, &b).applications[0].is_vsn_unchanged());
}

#[test]
fn a_file_of_the_same_code_is_no_changed_module() {
    let a = release("1", &[("shop", "1", "", &[("a", 1)])]);
    let mut b = release("2", &[("shop", "2", "", &[("a", 1)])]);
    for file in b.files.values_mut() {
        file.digest = [9; 32];
    }
    let diff = diff(&a, &b);
    assert!(diff.applications[0].modules.is_empty());
    assert_eq!(diff.applications[0].modules_same_code, 1);
}

#[test]
fn an_application_tells_its_dependencies_and_environment() {
    let a = release(
        "1",
        &[(
            "shop",
            "1",
            ", {applications, [kernel, ssl]}, {env, [{port, 1}]}",
            &[],
        )],
    );
    let b = release(
        "2",
        &[(
            "shop",
            "2",
            ", {applications, [kernel, inets]}, {env, [{port, 2}, {x, y}]}",
            &[],
        )],
    );
    let diff = diff(&a, &b);
    let app = &diff.applications[0];
    assert_eq!(app.dependencies.added, ["inets"]);
    assert_eq!(app.dependencies.removed, ["ssl"]);
    let keys: Vec<(&str, Change)> = app
        .environment
        .iter()
        .map(|key| (key.key.as_str(), key.change))
        .collect();
    assert_eq!(keys, [("port", Change::Changed), ("x", Change::Added)]);
}

#[test]
fn configuration_is_compared_by_application_and_key() {
    let mut a = release("1", &[]);
    let mut b = release("2", &[]);
    a.sys_config = config("[{shop, [{a, 1}, {b, 2}]}, {gone, [{x, 1}]}].");
    b.sys_config = config("[{shop, [{b, 3}, {a, 1}]}].");
    let found: Vec<(String, String, Change)> = diff(&a, &b)
        .sys_config
        .unwrap()
        .into_iter()
        .map(|key| (key.application, key.key, key.change))
        .collect();
    let expected = [
        ("gone".to_owned(), "x".to_owned(), Change::Removed),
        ("shop".to_owned(), "b".to_owned(), Change::Changed),
    ];
    assert_eq!(found, expected);
    b.sys_config = None;
    assert_eq!(diff(&a, &b).sys_config, None, "one cannot be read");
}

#[test]
fn files_are_sorted_by_place() {
    let file = |digest| File {
        size: 5,
        digest: [digest; 32],
    };
    let mut a = release("1", &[("shop", "1", "", &[])]);
    let mut b = release("2", &[("shop", "2", "", &[])]);
    for (path, digest) in [
        ("lib/shop-1/priv/x.so", 1),
        ("releases/1/vm.args", 1),
        ("releases/1/consolidated/P.beam", 1),
        ("erts-13.1.5/bin/erl", 1),
        ("bin/shop", 1),
    ] {
        a.files.insert(path.to_owned(), file(digest));
    }
    for (path, digest) in [
        ("lib/shop-2/priv/x.so", 2),
        ("releases/2/vm.args", 2),
        ("releases/2/consolidated/P.beam", 2),
        ("erts-13.1.5/bin/erl", 1),
        ("bin/shop", 2),
    ] {
        b.files.insert(path.to_owned(), file(digest));
    }
    let diff = diff(&a, &b);
    let paths = |files: &[FileDiff]| -> Vec<String> {
        files.iter().map(|file| file.path.clone()).collect()
    };
    assert_eq!(paths(&diff.applications[0].files), ["priv/x.so"]);
    assert_eq!(diff.natives().count(), 1);
    assert_eq!(paths(&diff.release_files), ["vm.args"]);
    assert_eq!(paths(&diff.files), ["bin/shop"]);
    assert!(diff.erts_files.is_empty());
}
