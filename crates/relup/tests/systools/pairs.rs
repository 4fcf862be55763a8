//! Pairs of releases, compiled here and by OTP.

use relup::{Appups, CompileError, Direction, High, Release, Relup, compile};

use crate::fixture::Rel;
use crate::generated::releases;
use crate::order::{Dependencies, compare};
use crate::otp::{Answer, make_relups};

/// What both say of a release and its bases.
pub(crate) struct Outcome {
    pub(crate) ours: Result<Relup, CompileError>,
    pub(crate) otp: Answer,
}

/// Compiles here and there.
pub(crate) fn outcomes(of: &[(&Rel, Vec<&Rel>)]) -> Vec<Outcome> {
    let answers = make_relups(of);
    let pairs = of.iter().zip(answers);
    pairs
        .map(|((top, bases), otp)| Outcome {
            ours: compiled(top, bases),
            otp,
        })
        .collect()
}

pub(crate) fn compiled(top: &Rel, bases: &[&Rel]) -> Result<Relup, CompileError> {
    let top = top.value();
    let bases: Vec<Release> = bases.iter().map(|base| base.value()).collect();
    let bases: Vec<&Release> = bases.iter().collect();
    compile(&top, &bases, &Appups::own(&top))
}

/// Tells how the two differ, if they do; whether there is a relup at all.
pub(crate) fn agreed(top: &Rel, bases: &[&Rel], outcome: &Outcome) -> Result<bool, String> {
    let (ours, theirs) = match (&outcome.ours, &outcome.otp) {
        (Ok(ours), Answer::Made { relup, .. }) => (ours, Relup::read(relup).unwrap()),
        (Err(_), Answer::Refused { .. }) => return Ok(false),
        (Ok(_), Answer::Refused { text, .. }) => return Err(format!("OTP alone refuses: {text}")),
        (Err(error), Answer::Made { .. }) => return Err(format!("refused here alone: {error}")),
    };
    if ours.vsn != theirs.vsn {
        return Err(format!("version {} or {}", ours.vsn, theirs.vsn));
    }
    for direction in [Direction::Up, Direction::Down] {
        let (ours, theirs) = (ours.edges(direction), theirs.edges(direction));
        let vsns = |edges: &[relup::Edge]| edges.iter().map(|e| e.vsn.clone()).collect::<Vec<_>>();
        if vsns(ours) != vsns(theirs) {
            return Err(format!(
                "{direction}: {:?} or {:?}",
                vsns(ours),
                vsns(theirs)
            ));
        }
        for (ours, theirs) in ours.iter().zip(theirs) {
            let base = bases.iter().find(|base| base.vsn == ours.vsn).unwrap();
            let dependencies = dependencies(&top.value(), &base.value(), direction);
            compare(&ours.instructions, &theirs.instructions, &dependencies)
                .map_err(|error| format!("{direction}, base {}: {error}", ours.vsn))?;
            if ours.description != theirs.description {
                return Err(format!("description {:?}", ours.description));
            }
        }
    }
    Ok(true)
}

/// What the appups say of dependencies among the modules of a script.
fn dependencies(top: &Release, base: &Release, direction: Direction) -> Dependencies {
    let (from, to) = match direction {
        Direction::Up => (base, top),
        Direction::Down => (top, base),
    };
    let mut dependencies = Dependencies::default();
    let modules_of = |dependencies: &mut Dependencies, application: &str| {
        let found = to.application(application);
        for module in found.iter().flat_map(|a| &a.resource.modules) {
            dependencies.add(module, &[]);
        }
    };
    for application in &to.applications {
        if from.application(&application.name).is_none() {
            modules_of(&mut dependencies, &application.name);
        }
    }
    let appups = Appups::own(top);
    for application in &top.applications {
        let Some(other) = base.application(&application.name) else {
            continue;
        };
        if other.vsn == application.vsn {
            continue;
        }
        let found = appups.instructions(&application.name, direction, &other.vsn);
        for high in found.unwrap().unwrap().instructions {
            match high {
                High::Update(update) => dependencies.add(&update.module, &update.depends),
                High::LoadModule {
                    module, depends, ..
                }
                | High::AddModule { module, depends }
                | High::DeleteModule { module, depends } => dependencies.add(module, depends),
                High::AddApplication { application, .. }
                | High::RestartApplication { application } => {
                    modules_of(&mut dependencies, application);
                }
                High::RemoveApplication { .. } | High::Low(_) => {}
            }
        }
    }
    dependencies
}

#[test]
fn generated_releases_give_the_same_relup_as_systools() {
    let all = std::env::var_os("CUTOVER_TEST_ALL").is_some();
    let (count, made_min) = if all { (360, 300) } else { (75, 50) };
    let cases: Vec<(Rel, Vec<Rel>)> = (0..count).map(releases).collect();
    let of: Vec<(&Rel, Vec<&Rel>)> = cases
        .iter()
        .map(|(top, bases)| (top, bases.iter().collect()))
        .collect();
    let mut made = 0;
    let mut scripts = 0;
    let mut refusals = std::collections::BTreeMap::new();
    for (seed, ((top, bases), outcome)) in of.iter().zip(outcomes(&of)).enumerate() {
        if let Answer::Refused { tag, .. } = &outcome.otp {
            *refusals.entry(tag.clone()).or_insert(0) += 1;
        }
        scripts += outcome
            .ours
            .as_ref()
            .map_or(0, |relup| relup.up.len() + relup.down.len());
        match agreed(top, bases, &outcome) {
            Ok(there_is_one) => made += usize::from(there_is_one),
            Err(error) => panic!("releases({seed}): {error}\n{top:#?}\n{bases:#?}"),
        }
    }
    assert!(
        made >= made_min,
        "only {made} of {count} give a relup, with {scripts} scripts; OTP refuses for {refusals:?}"
    );
}

#[test]
fn the_same_releases_give_the_same_bytes() {
    for seed in 0..40 {
        let (top, bases) = releases(seed);
        let bases: Vec<&Rel> = bases.iter().collect();
        let text = || compiled(&top, &bases).map(|relup| relup.to_string());
        assert_eq!(text(), text());
    }
}
