//! Releases made up from a number.

use std::collections::BTreeMap;

use beam::Term;
use beam::rel::StartType;

use crate::fixture::{App, Rel, atoms};
use crate::rng::Rng;

const TOP: &str = "2.0";

/// One of them, and one or more to come from.
pub(crate) fn releases(seed: u64) -> (Rel, Vec<Rel>) {
    let rng = &mut Rng::new(seed.wrapping_mul(7919).wrapping_add(1));
    let count = 1 + rng.below(6);
    let names = &["alpha", "beta", "gamma", "delta", "my_app", "zeta"][..count];
    let everywhere = rng.some(names, 70);
    let shapes: BTreeMap<&str, Shape> = names
        .iter()
        .map(|name| (*name, Shape::new(name, &everywhere, rng)))
        .collect();

    let vsns = ["1.0", "1.1.3", "1.9-rc.1"];
    let bases = 1 + rng.below(3);
    let mut all = Vec::new();
    for number in 0..=bases {
        let mut of: Vec<(&str, &str)> = Vec::new();
        for name in names {
            let vsn = match number {
                0 => TOP,
                _ if rng.percent(20) => TOP,
                _ => *rng.pick(&vsns),
            };
            if everywhere.contains(name) || rng.percent(60) {
                of.push((name, vsn));
            }
        }
        rng.shuffle(&mut of);
        let apps: Vec<App> = of.iter().map(|(n, v)| shapes[n].app(n, v, rng)).collect();
        let vsn = if number == 0 {
            "top"
        } else {
            ["b1", "b2", "b3"][number - 1]
        };
        let mut rel = Rel::new(vsn, apps);
        if rng.percent(15) {
            rel.erts = "14.0".to_owned();
        }
        all.push(rel);
    }
    let mut top = all.remove(0);
    with_appups(&mut top, &all, rng);
    (top, all)
}

/// What an application is in its versions.
struct Shape {
    modules: BTreeMap<&'static str, Vec<String>>,
    uses: Vec<String>,
    includes: Vec<String>,
}

impl Shape {
    fn new(name: &str, everywhere: &[&str], rng: &mut Rng) -> Self {
        let mut pool: Vec<String> = ["a", "b", "c", "d", "e"]
            .iter()
            .map(|suffix| format!("{name}_{suffix}"))
            .collect();
        pool.push(format!("Elixir.{name}.Server"));
        let mut modules = BTreeMap::new();
        for vsn in [TOP, "1.0", "1.1.3", "1.9-rc.1"] {
            let mut of = rng.some(&pool, 75);
            rng.shuffle(&mut of);
            modules.insert(vsn, of);
        }
        // Only on those that come before by name, so that most are no circle.
        let before: Vec<&str> = everywhere.iter().copied().filter(|n| *n < name).collect();
        let mut uses: Vec<String> = ["kernel", "stdlib"].map(str::to_owned).into();
        uses.extend(rng.some(&before, 40).iter().map(|n| (*n).to_owned()));
        let includes = match rng.percent(6) && everywhere.contains(&name) {
            true => rng
                .some(&before, 20)
                .iter()
                .map(|n| (*n).to_owned())
                .collect(),
            false => Vec::new(),
        };
        Self {
            modules,
            uses,
            includes,
        }
    }

    fn app(&self, name: &str, vsn: &str, rng: &mut Rng) -> App {
        let start = match rng.below(12) {
            0 => StartType::Transient,
            1 => StartType::Temporary,
            2 => StartType::Load,
            3 => StartType::None,
            _ => StartType::Permanent,
        };
        App {
            start,
            modules: self.modules[vsn].clone(),
            uses: self.uses.clone(),
            includes: self.includes.clone(),
            ..App::new(name, vsn, &[])
        }
    }
}

/// What the entry of an application for a version handles, by name, version and direction.
type Handled = BTreeMap<(String, String, &'static str), Vec<String>>;

/// Gives every application that differs from a base an entry for it, or now and then none.
fn with_appups(top: &mut Rel, bases: &[Rel], rng: &mut Rng) {
    let mut handled = Handled::new();
    for app in &mut top.apps {
        let mut others: BTreeMap<&str, &App> = BTreeMap::new();
        for base in bases {
            let found = base.apps.iter().find(|other| other.name == app.name);
            others.extend(
                found
                    .filter(|o| o.vsn != app.vsn)
                    .map(|o| (o.vsn.as_str(), o)),
            );
        }
        let mut up = Vec::new();
        let mut down = Vec::new();
        let wide = others.len() == 1 || rng.percent(5);
        for (vsn, other) in others {
            for (direction, from, to) in [("up", other, &*app), ("down", &*app, other)] {
                let entries = if direction == "up" {
                    &mut up
                } else {
                    &mut down
                };
                if rng.percent(10) {
                    entries.push("{<<\"0\\\\.[0-9]+\">>,[{update,nothing}]}".to_owned());
                }
                if rng.percent(1) {
                    continue;
                }
                let elsewhere = elsewhere(other, direction, bases, &handled);
                let (script, about) = instructions(from, to, &elsewhere, rng);
                handled.insert((app.name.clone(), vsn.to_owned(), direction), about);
                let script = script.join(",\n  ");
                entries.push(format!("{{{},\n [{script}]}}", pattern(vsn, wide, rng)));
            }
        }
        rng.shuffle(&mut up);
        if rng.percent(99) {
            let vsn = Term::string(&app.vsn);
            let (up, down) = (up.join(","), down.join(","));
            app.appup = Some(format!("{{{vsn},[{up}],[{down}]}}.\n"));
        }
    }
}

/// The modules of other applications that are handled wherever this application has that version.
fn elsewhere(app: &App, direction: &'static str, bases: &[Rel], handled: &Handled) -> Vec<String> {
    let has = |base: &&Rel| {
        base.apps
            .iter()
            .any(|a| a.name == app.name && a.vsn == app.vsn)
    };
    let of_base = |base: &Rel| -> Vec<String> {
        let keys = base
            .apps
            .iter()
            .map(|a| (a.name.clone(), a.vsn.clone(), direction));
        keys.filter_map(|key| handled.get(&key))
            .flatten()
            .cloned()
            .collect()
    };
    let mut all = bases.iter().filter(has).map(of_base);
    let mut common = all.next().unwrap_or_default();
    for modules in all {
        common.retain(|module| modules.contains(module));
    }
    common
}

fn pattern(vsn: &str, wide: bool, rng: &mut Rng) -> Term {
    let exact = vsn.replace('.', "\\.");
    let pattern = match rng.below(8) {
        0 => exact,
        1 => format!("^{exact}$"),
        2 if wide => "1\\..*".to_owned(),
        3 if wide => "(1\\.[0-9]+)(\\.[0-9]+|-rc\\.[0-9]+)?".to_owned(),
        _ => return Term::string(vsn),
    };
    Term::Binary(pattern.into_bytes())
}

/// A script from one to the other, and the modules that it is about.
fn instructions(
    from: &App,
    to: &App,
    elsewhere: &[String],
    rng: &mut Rng,
) -> (Vec<String>, Vec<String>) {
    let name = Term::atom(&to.name);
    match rng.below(20) {
        0 | 1 => {
            let restart = format!("{{restart_application,{name}}}");
            return (vec![restart], to.modules.clone());
        }
        2 => return (vec!["restart_new_emulator".to_owned()], Vec::new()),
        3 => return (Vec::new(), Vec::new()),
        _ => {}
    }
    let mut about: Vec<(&String, Kind)> = Vec::new();
    for module in &to.modules {
        match from.modules.contains(module) {
            true if rng.percent(80) => about.push((module, Kind::Replaced)),
            true => {}
            false => about.push((module, Kind::Added)),
        }
    }
    let gone = from.modules.iter().filter(|m| !to.modules.contains(m));
    about.extend(gone.map(|module| (module, Kind::Deleted)));
    rng.shuffle(&mut about);
    let handled: Vec<String> = about.iter().map(|(module, _)| (*module).clone()).collect();
    let mut script: Vec<String> = Vec::new();
    for (module, kind) in about {
        let depends = match rng.below(40) {
            0..=15 => rng.some(&handled, 25),
            16..=18 => rng.some(elsewhere, 10),
            // Now and then nothing that is handled.
            19 if rng.percent(4) => vec!["nowhere".to_owned()],
            _ => Vec::new(),
        };
        script.push(about_module(module, kind, &depends, rng));
        if rng.percent(12) {
            script.extend(extra(to, rng));
        }
    }
    if rng.percent(12) {
        let early = [
            "{apply,{early,call,[\"text\",1.5]}}".to_owned(),
            "point_of_no_return".to_owned(),
        ];
        script.splice(0..0, early);
    }
    (script, handled)
}

enum Kind {
    Replaced,
    Added,
    Deleted,
}

fn about_module(module: &str, kind: Kind, depends: &[String], rng: &mut Rng) -> String {
    let m = Term::atom(module);
    let d = atoms(depends);
    let purges = |rng: &mut Rng| {
        let of = ["brutal_purge", "soft_purge"];
        format!("{},{}", rng.pick(&of), rng.pick(&of))
    };
    let change = ["soft", "{advanced,[]}", "{advanced,{extra,#{a => 1}}}"];
    let time = ["default", "infinity", "5000"];
    match kind {
        Kind::Added if rng.percent(50) && depends.is_empty() => format!("{{add_module,{m}}}"),
        Kind::Added => format!("{{add_module,{m},{d}}}"),
        Kind::Deleted if rng.percent(50) && depends.is_empty() => {
            format!("{{delete_module,{m}}}")
        }
        Kind::Deleted => format!("{{delete_module,{m},{d}}}"),
        Kind::Replaced => match rng.below(13) {
            0 => format!("{{update,{m},{d}}}"),
            1 if depends.is_empty() => format!("{{update,{m}}}"),
            2 if depends.is_empty() => format!("{{update,{m},supervisor}}"),
            3 if depends.is_empty() => format!("{{update,{m},{}}}", rng.pick(&change)),
            4 | 5 => format!("{{update,{m},{},{d}}}", rng.pick(&change)),
            6 => format!("{{update,{m},{},{},{d}}}", rng.pick(&change), purges(rng)),
            7 => format!(
                "{{update,{m},{},{},{},{d}}}",
                rng.pick(&time),
                rng.pick(&change),
                purges(rng)
            ),
            8 | 9 => format!(
                "{{update,{m},{},{},{},{},{d}}}",
                rng.pick(&["static", "dynamic"]),
                rng.pick(&time),
                rng.pick(&change),
                purges(rng)
            ),
            10 if depends.is_empty() => format!("{{load_module,{m}}}"),
            11 => format!("{{load_module,{m},{},{d}}}", purges(rng)),
            _ => format!("{{load_module,{m},{d}}}"),
        },
    }
}

fn extra(to: &App, rng: &mut Rng) -> Vec<String> {
    let (app, vsn) = (Term::atom(&to.name), Term::string(&to.vsn));
    let text = match rng.below(12) {
        0 => "{suspend,[low,{low2,100}]} {code_change,[{low,x}]} {resume,[low2,low]}",
        1 => "{suspend,[low]} {code_change,down,[{low,x}]} {resume,[low]}",
        2 => "{stop,[low]} {start,[low]}",
        3 => "{remove,{low,soft_purge,brutal_purge}} {purge,[low]}",
        4 => "{sync_nodes,an_id,[n1@h,n2@h]}",
        5 => "{sync_nodes,{an,id},{m,f,[a]}}",
        6 => "restart_emulator",
        7 => "restart_new_emulator",
        8 => {
            let read = format!("{{load_object_code,{{{app},{vsn},[low,other]}}}}");
            let load = "{load,{low,soft_purge,soft_purge}}".to_owned();
            return match rng.percent(50) {
                true => vec![read, load],
                false => vec![load, read],
            };
        }
        9 => "[{apply,{in_a,list,[]}},{apply,{in_a,list,[2]}}]",
        _ => "{apply,{m,f,[<<1,2>>,odd@atom,$c]}}",
    };
    text.split(' ').map(str::to_owned).collect()
}
