//! Which version, and which of its instances, gets a request. Pure.
//!
//! Weights are dealt, not drawn: with a counter as ticket every run of 100 tickets gives each version
//! exactly its share, interleaved.

/// Chooses a version by weight among those that are usable; `None` where none is.
///
/// Versions without weight, or not usable, get nothing; the others share by their weights. `ticket` is
/// any counter that grows by one for each choice.
pub(crate) fn version(
    shares: impl Iterator<Item = (u8, bool)> + Clone,
    ticket: u64,
) -> Option<usize> {
    let weight = |(weight, usable): (u8, bool)| if usable { u64::from(weight) } else { 0 };
    let total: u64 = shares.clone().map(weight).sum();
    if total == 0 {
        return None;
    }
    // A stride with no factor in common with the total visits every point once in `total` tickets.
    let stride = if total.is_multiple_of(61) { 37 } else { 61 };
    let mut point = (ticket % total) * stride % total;
    for (index, share) in shares.enumerate() {
        let weight = weight(share);
        if point < weight {
            return Some(index);
        }
        point -= weight;
    }
    None
}

/// Chooses the instance with the fewest requests in flight; equals take turns by `ticket`.
///
/// `loads` gives for each instance its load, or `None` where it may not be chosen.
pub(crate) fn instance(
    loads: impl ExactSizeIterator<Item = Option<u32>>,
    ticket: u64,
) -> Option<usize> {
    let count = loads.len().max(1) as u64;
    loads
        .enumerate()
        .filter_map(|(index, load)| {
            let turn = (index as u64 + count - ticket % count) % count;
            load.map(|load| (load, turn, index))
        })
        .min()
        .map(|(_, _, index)| index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hundred_tickets_give_every_version_exactly_its_weight(first in 0u8..=100, start in any::<u32>()) {
            let shares = [(first, true), (100 - first, true)];
            let mut got = [0u8; 2];
            for ticket in 0..100 {
                got[version(shares.into_iter(), u64::from(start) + ticket).unwrap()] += 1;
            }
            prop_assert_eq!(got, [first, 100 - first]);
        }

        #[test]
        fn only_usable_versions_with_weight_are_chosen(
            shares in prop::collection::vec((0u8..=100, any::<bool>()), 0..6), ticket in any::<u64>()
        ) {
            match version(shares.iter().copied(), ticket) {
                Some(index) => prop_assert!(shares[index].0 > 0 && shares[index].1),
                None => prop_assert!(shares.iter().all(|s| s.0 == 0 || !s.1)),
            }
        }

        #[test]
        fn the_least_loaded_instance_is_chosen(
            loads in prop::collection::vec(prop::option::of(0u32..5), 0..8), ticket in any::<u64>()
        ) {
            match instance(loads.iter().copied(), ticket) {
                Some(index) => prop_assert_eq!(loads[index], loads.iter().flatten().min().copied()),
                None => prop_assert!(loads.iter().all(Option::is_none)),
            }
        }
    }

    #[test]
    fn equal_instances_take_turns() {
        let turns: Vec<_> = (0..4)
            .map(|ticket| instance([Some(0), None, Some(0)].into_iter(), ticket).unwrap())
            .collect();
        assert!(turns.contains(&0) && turns.contains(&2), "{turns:?}");
    }
}
