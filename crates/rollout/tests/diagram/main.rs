//! Diagrams of every strategy, fresh and with what happened, held against files that people read.
//!
//! `CUTOVER_BLESS=1 cargo test -p rollout --test diagram` writes the files anew.

mod bounds;
mod drive;
mod examples;
mod golden;
mod request;

use rollout::{Diagram, Taken};

/// Holds an example against its files: as Mermaid and as text.
fn check(name: &str, diagram: &Diagram, now_ms: u64) {
    let mermaid = diagram.mermaid();
    for drawn in diagram.boxes() {
        assert!(
            mermaid.contains(drawn.name.as_str()),
            "{name}: {}",
            drawn.name
        );
    }
    golden::check(&format!("{name}.mmd"), &mermaid);
    golden::check(&format!("{name}.txt"), &diagram.text(now_ms));
}

#[test]
fn a_fresh_plan_of_every_strategy_is_drawn() {
    for (name, plan) in examples::plans() {
        check(name, &Diagram::of(&plan), 0);
    }
}

#[test]
fn what_happened_to_a_rollout_is_drawn() {
    for (name, rollout, now) in examples::rollouts() {
        let diagram = Diagram::with(rollout.plan(), &Taken::of(&rollout));
        check(name, &diagram, now.ms());
    }
}

#[test]
fn a_diagram_as_json_has_what_a_page_needs() {
    let (_, rollout, _) = examples::rollouts().remove(0);
    let diagram = Diagram::with(rollout.plan(), &Taken::of(&rollout));
    let json = serde_json::to_value(&diagram).unwrap();
    let first = &json["parts"][0]["boxes"][0];
    for field in [
        "name", "kind", "does", "gate", "hosts", "state", "times", "notes",
    ] {
        assert!(!first[field].is_null(), "{field}: {first}");
    }
    assert_eq!(first["state"]["is"], "done");
}

#[test]
fn the_page_of_diagrams_is_of_the_plans_themselves() {
    let mut page = examples::PAGE.to_owned();
    let (plans, rollouts) = (examples::plans(), examples::rollouts());
    for (name, words) in examples::ON_THE_PAGE {
        let plan = plans.iter().find(|(of, _)| *of == name);
        let diagram = match plan {
            Some((_, plan)) => Diagram::of(plan),
            None => {
                let (_, rollout, _) = rollouts.iter().find(|(of, ..)| *of == name).unwrap();
                Diagram::with(rollout.plan(), &Taken::of(rollout))
            }
        };
        page.push_str(&format!(
            "\n{words}\n\n```mermaid\n{}```\n",
            diagram.mermaid()
        ));
    }
    golden::check("../../../../../docs/diagrams.md", &page);
}
