//! What a key means at a time. What cannot be taken back is asked for twice.

use coordinator::{Snapshot, Verb};

use super::key::Key;

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Something of the rollout.
    Order(Verb),
    /// To leave the view.
    Leave,
    /// To see what is further up or down, by that many lines.
    Scroll(isize),
    /// To see the step under way.
    Follow,
    /// Nothing, or not yet.
    Nothing,
}

/// What was asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Armed {
    Abort,
    Leave,
}

/// The state between two keys.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    armed: Option<Armed>,
}

impl Hands {
    /// Takes a key. `drives`: this process drives the rollout, so leaving has a consequence.
    pub(crate) fn press(&mut self, key: Key, possible: &[&str], drives: bool) -> Wish {
        let armed = self.armed.take();
        let can = |verb: Verb| possible.contains(&verb.word());
        let order = |verb: Verb| {
            if can(verb) {
                Wish::Order(verb)
            } else {
                Wish::Nothing
            }
        };
        match key {
            Key::Interrupt => Wish::Leave,
            Key::Char('q') if !drives || armed == Some(Armed::Leave) => Wish::Leave,
            Key::Char('q') => {
                self.armed = Some(Armed::Leave);
                Wish::Nothing
            }
            Key::Char('a') if armed == Some(Armed::Abort) => order(Verb::Abort),
            Key::Char('a') if can(Verb::Abort) => {
                self.armed = Some(Armed::Abort);
                Wish::Nothing
            }
            Key::Char('p') => order(Verb::Promote),
            Key::Char('P') => order(Verb::PromoteFull),
            Key::Char('r') => order(Verb::Retry),
            Key::Char(' ') if can(Verb::Continue) => Wish::Order(Verb::Continue),
            Key::Char(' ') => order(Verb::Pause),
            Key::Up | Key::Char('k') => Wish::Scroll(-1),
            Key::Down | Key::Char('j') => Wish::Scroll(1),
            Key::PageUp => Wish::Scroll(-10),
            Key::PageDown => Wish::Scroll(10),
            Key::Escape if armed.is_some() => Wish::Nothing,
            Key::Escape => Wish::Follow,
            Key::Char(_) => Wish::Nothing,
        }
    }

    /// What a person is asked now.
    pub(crate) fn question(&self, snapshot: Option<&Snapshot>) -> Option<String> {
        let stable = snapshot
            .and_then(|snapshot| snapshot.stable.as_ref())
            .map_or("nothing", |stable| stable.vsn.as_str());
        match self.armed? {
            Armed::Abort => Some(format!(
                "a again to abort: {stable} serves again; any other key goes on"
            )),
            Armed::Leave => {
                let what = match snapshot {
                    Some(snapshot) if snapshot.waiting.is_some() => {
                        "it goes on waiting; `cutover promote` or `resume` takes it up".to_owned()
                    }
                    Some(snapshot) if snapshot.reversible => format!(
                        "nobody drives it then: leased weights return to {stable}; `cutover resume` goes on"
                    ),
                    _ => "nobody drives it then; `cutover resume` goes on".to_owned(),
                };
                Some(format!("q again to leave: {what}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 6] = [
        "promote",
        "promote --full",
        "pause",
        "continue",
        "retry",
        "abort",
    ];

    #[test]
    fn an_abort_is_asked_for_twice_in_a_row() {
        let mut hands = Hands::default();
        assert_eq!(hands.press(Key::Char('a'), &ALL, false), Wish::Nothing);
        assert!(hands.question(None).unwrap().contains("a again to abort"));
        assert_eq!(hands.press(Key::Char('x'), &ALL, false), Wish::Nothing);
        assert_eq!(hands.question(None), None);
        assert_eq!(hands.press(Key::Char('a'), &ALL, false), Wish::Nothing);
        assert_eq!(
            hands.press(Key::Char('a'), &ALL, false),
            Wish::Order(Verb::Abort)
        );
    }

    #[test]
    fn leaving_is_asked_for_twice_only_where_this_process_drives() {
        let mut hands = Hands::default();
        assert_eq!(hands.press(Key::Char('q'), &ALL, false), Wish::Leave);
        assert_eq!(hands.press(Key::Char('q'), &ALL, true), Wish::Nothing);
        assert!(hands.question(None).unwrap().contains("q again"));
        assert_eq!(hands.press(Key::Char('q'), &ALL, true), Wish::Leave);
        assert_eq!(hands.press(Key::Interrupt, &ALL, true), Wish::Leave);
    }

    #[test]
    fn a_key_does_only_what_is_possible() {
        let mut hands = Hands::default();
        assert_eq!(
            hands.press(Key::Char('p'), &["abort"], false),
            Wish::Nothing
        );
        assert_eq!(
            hands.press(Key::Char('p'), &ALL, false),
            Wish::Order(Verb::Promote)
        );
        assert_eq!(
            hands.press(Key::Char('P'), &ALL, false),
            Wish::Order(Verb::PromoteFull)
        );
        assert_eq!(
            hands.press(Key::Char(' '), &["pause"], false),
            Wish::Order(Verb::Pause)
        );
        assert_eq!(
            hands.press(Key::Char(' '), &ALL, false),
            Wish::Order(Verb::Continue)
        );
        assert_eq!(hands.press(Key::Char('a'), &[], false), Wish::Nothing);
        assert_eq!(hands.question(None), None);
    }
}
