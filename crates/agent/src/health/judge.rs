//! When an instance counts as healthy: not by one check alone (invariant I2).

/// Failures in a row that make a healthy instance unhealthy.
const FAILURES: u32 = 3;
/// Passes in a row that make an unhealthy instance healthy again.
const PASSES: u32 = 2;

/// The judgement over the checks of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Judge {
    verdict: Option<bool>,
    contrary: u32,
}

impl Judge {
    /// Takes note of a check; returns the verdict. The first check decides alone.
    pub(super) fn hear(&mut self, passed: bool) -> bool {
        let Some(verdict) = self.verdict else {
            self.verdict = Some(passed);
            return passed;
        };
        if passed == verdict {
            self.contrary = 0;
            return verdict;
        }
        self.contrary += 1;
        let needed = if verdict { FAILURES } else { PASSES };
        if self.contrary >= needed {
            self.contrary = 0;
            self.verdict = Some(passed);
            return passed;
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flapping_check_does_not_flap_the_verdict() {
        let check = |heard: &str, expected: &str| {
            let mut judge = Judge::default();
            let verdicts: String = heard
                .chars()
                .map(|c| if judge.hear(c == '+') { '+' } else { '-' })
                .collect();
            assert_eq!(verdicts, expected, "{heard}");
        };
        check("+++", "+++");
        check("+-+--+---", "++++++++-");
        check("---+-++", "------+");
        check("-++---", "--+++-");
    }
}
