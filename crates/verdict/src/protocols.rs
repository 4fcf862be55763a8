//! Consolidated protocols.

use relup::generate::protocols;

use crate::case::{Case, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>) {
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        let found = protocols::differences(from.release, to.release);
        let all: Vec<&str> = found
            .gain
            .iter()
            .chain(&found.other)
            .map(|n| shown(n))
            .collect();
        let (place, way) = (Place::release(), Some(direction));
        if !found.both.is_empty() {
            let detail = format!(
                "gain one implementation and lose another: {}; for a moment one of the two is missing",
                some(found.both.iter().map(|name| shown(name)))
            );
            let remedy = "bring the new implementation in one release, and take the old one out in \
                          the next";
            case.add(
                Severity::Doubt,
                Kind::ProtocolChanged,
                place,
                way,
                detail,
                remedy,
            );
        } else if !all.is_empty() {
            let detail = format!("consolidated protocols differ: {}", some(all));
            let remedy = "loaded from the release's consolidated directory, by instructions of the \
                          release";
            case.add(
                Severity::Note,
                Kind::ProtocolChanged,
                place,
                way,
                detail,
                remedy,
            );
        }
    }
}
