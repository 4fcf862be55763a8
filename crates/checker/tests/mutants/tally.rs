//! What was caught, what was missed, what was refused for nothing.

use std::collections::BTreeMap;
use std::fmt;

use checker::{Kind, Report};

use crate::mutate::Mutant;
use crate::oracle::Judgement;
use crate::world::Age;

#[derive(Default)]
pub(crate) struct Tally {
    harmful: usize,
    caught: usize,
    harmless: usize,
    refused: usize,
    missed: Vec<String>,
    /// By the kind of mutation: harmful, caught, harmless, refused.
    mutations: BTreeMap<&'static str, [usize; 4]>,
    /// Kinds that alone refused a harmless mutant.
    alarms: BTreeMap<Kind, usize>,
}

impl Tally {
    pub(crate) fn count(
        &mut self,
        seed: u64,
        from: Age,
        mutant: &Mutant,
        report: &Report,
        judgement: &Judgement,
    ) {
        let refused = usize::from(!report.is_accepted());
        let row = self.mutations.entry(mutant.kind).or_default();
        match judgement {
            Judgement::Harmful(difference) => {
                self.harmful += 1;
                self.caught += refused;
                row[0] += 1;
                row[1] += refused;
                if refused == 0 {
                    let what = &mutant.what;
                    self.missed
                        .push(format!("seed {seed} from {from:?}: {what}\n  {difference}"));
                }
            }
            Judgement::Harmless => {
                self.harmless += 1;
                self.refused += refused;
                row[2] += 1;
                row[3] += refused;
                if let Some(first) = report.findings.first() {
                    *self.alarms.entry(first.kind).or_default() += 1;
                }
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.harmful += other.harmful;
        self.caught += other.caught;
        self.harmless += other.harmless;
        self.refused += other.refused;
        self.missed.extend(other.missed);
        for (mutation, row) in other.mutations {
            let total = self.mutations.entry(mutation).or_default();
            for (total, more) in total.iter_mut().zip(row) {
                *total += more;
            }
        }
        for (kind, more) in other.alarms {
            *self.alarms.entry(kind).or_default() += more;
        }
    }

    pub(crate) fn counts(&self) -> String {
        let (harmful, caught) = (self.harmful, self.caught);
        let (harmless, refused) = (self.harmless, self.refused);
        format!("harmful {harmful}, caught {caught}; harmless {harmless}, refused {refused}")
    }

    pub(crate) fn assert(&self) {
        assert!(
            self.harmful > 100,
            "too few harmful mutants to say anything: {self}"
        );
        assert!(
            self.caught * 100 >= self.harmful * 99,
            "at least 99 % of the harmful mutants must be caught: {self}"
        );
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.counts())?;
        for (mutation, [harmful, caught, harmless, refused]) in &self.mutations {
            writeln!(
                f,
                "  {mutation}: harmful {harmful} caught {caught}, harmless {harmless} refused {refused}"
            )?;
        }
        writeln!(
            f,
            "refused for nothing, by the first finding: {:?}",
            self.alarms
        )?;
        self.missed
            .iter()
            .try_for_each(|missed| writeln!(f, "missed: {missed}"))
    }
}
