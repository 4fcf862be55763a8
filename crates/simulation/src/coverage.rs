//! What worlds reached.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::rule::Looks;

/// Counts of what was reached, by words.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Worlds by strategy, as it was resolved.
    pub strategies: BTreeMap<&'static str, u64>,
    /// Worlds by the phase that they ended in.
    pub ends: BTreeMap<&'static str, u64>,
    /// How often a phase was written.
    pub phases: BTreeMap<&'static str, u64>,
    /// How often a kind of step began.
    pub steps: BTreeMap<String, u64>,
    /// How often a fault took place.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often a verb was given.
    pub verbs: BTreeMap<&'static str, u64>,
    /// Causes of a way back.
    pub causes: BTreeMap<String, u64>,
    /// How often a coordinator took over.
    pub take_overs: u64,
    /// How often a coordinator was fenced.
    pub fenced: u64,
    /// Plans that were refused.
    pub refused: u64,
    /// How often each rule was looked at, and how often it applied.
    pub rules: BTreeMap<&'static str, Looks>,
}

impl Coverage {
    /// Adds what another world reached.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.strategies, &other.strategies);
        add(&mut self.ends, &other.ends);
        add(&mut self.phases, &other.phases);
        add(&mut self.steps, &other.steps);
        add(&mut self.faults, &other.faults);
        add(&mut self.verbs, &other.verbs);
        add(&mut self.causes, &other.causes);
        self.take_overs += other.take_overs;
        self.fenced += other.fenced;
        self.refused += other.refused;
        for (rule, looks) in &other.rules {
            let sum = self.rules.entry(rule).or_default();
            sum.checked += looks.checked;
            sum.applied += looks.applied;
        }
    }

    /// Writes it as JSON.
    pub fn json(&self) -> Value {
        let rules: BTreeMap<&str, Value> = self
            .rules
            .iter()
            .map(|(rule, looks)| {
                (
                    *rule,
                    json!({"checked": looks.checked, "applied": looks.applied}),
                )
            })
            .collect();
        json!({
            "strategies": self.strategies,
            "ends": self.ends,
            "phases": self.phases,
            "steps": self.steps,
            "faults": self.faults,
            "verbs": self.verbs,
            "causes": self.causes,
            "take_overs": self.take_overs,
            "fenced": self.fenced,
            "plans_refused": self.refused,
            "invariants": rules,
        })
    }
}

fn add<K: Ord + Clone>(sum: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (word, count) in other {
        *sum.entry(word.clone()).or_default() += count;
    }
}

/// Counts one.
pub(crate) fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, word: K) {
    *counts.entry(word).or_default() += 1;
}
