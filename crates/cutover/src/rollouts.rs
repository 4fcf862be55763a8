//! What the commands that change or show the version in service share.

mod artifact;
mod carry_out;
mod change;
mod ending;
mod fleet;
mod format;
mod interrupt;
mod planned;
mod progress;
mod tended;
mod verb;
mod who;

pub(crate) use self::artifact::{find, find_earlier};
pub(crate) use self::carry_out::carry_out;
pub(crate) use self::change::{Wanted, request};
pub(crate) use self::ending::{conclude, unchanged};
pub(crate) use self::fleet::{Fleet, Lead, agents, unexpected};
pub(crate) use self::format::Format;
pub(crate) use self::interrupt::unless_interrupted;
pub(crate) use self::planned::{plan_document, plan_text, warnings_text, without_secrets};
pub(crate) use self::progress::{Follow, news};
pub(crate) use self::tended::tended;
pub(crate) use self::verb::{VerbArgs, give, when_paused};
pub(crate) use self::who::holder;
