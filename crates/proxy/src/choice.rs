//! Which version, and which of its instances, gets a request. Pure.
//!
//! Weights are dealt, not drawn: with a counter as ticket every run of 100 tickets gives each version
//! exactly its share, interleaved. Clients that keep their version have a bucket from 0 to 99, and these
//! are dealt in the same way.

/// Chooses a version by weight among those that are usable; `None` where none is.
///
/// Versions without weight, or not usable, get nothing; the others share by their weights. `ticket` is
/// any counter that grows by one for each choice.
pub fn version(shares: impl Iterator<Item = (u8, bool)> + Clone, ticket: u64) -> Option<usize> {
    let weight = |(weight, usable): (u8, bool)| if usable { u64::from(weight) } else { 0 };
    let total: u64 = shares.clone().map(weight).sum();
    if total == 0 {
        return None;
    }
    let mut point = point(ticket, total);
    for (index, share) in shares.enumerate() {
        let weight = weight(share);
        if point < weight {
            return Some(index);
        }
        point -= weight;
    }
    None
}

/// Deals a bucket from 0 to 99: every run of 100 tickets gives each of them once.
pub fn bucket(ticket: u64) -> u8 {
    u8::try_from(point(ticket, 100)).unwrap_or(0)
}

/// Chooses a version by a client's bucket: those below the weight of the versions other than `stable` (an
/// index) go to these, all others to `stable`. `None` where no version is usable.
///
/// While the other's weight does not shrink, no bucket goes back. Where the version of a bucket is not
/// usable, another with weight takes its place.
pub fn version_of_bucket(
    shares: impl Iterator<Item = (u8, bool)> + Clone,
    stable: usize,
    bucket: u8,
) -> Option<usize> {
    let mut bound = 0;
    let others = shares
        .clone()
        .enumerate()
        .filter(|(index, _)| *index != stable);
    let own = others
        .map(|(index, (weight, _))| {
            bound += u32::from(weight);
            (index, bound)
        })
        .find(|(_, bound)| u32::from(bucket) < *bound)
        .map_or(stable, |(index, _)| index);
    let may_serve = |(weight, usable): (u8, bool)| weight > 0 && usable;
    if shares.clone().nth(own).is_some_and(may_serve) {
        return Some(own);
    }
    shares
        .enumerate()
        .find(|(_, share)| may_serve(*share))
        .map(|(index, _)| index)
}

/// A point below `total`: every run of `total` tickets visits each once, far from its neighbours.
fn point(ticket: u64, total: u64) -> u64 {
    // A stride with no factor in common with the total.
    let stride = if total.is_multiple_of(61) { 37 } else { 61 };
    (ticket % total) * stride % total
}

/// Chooses the instance with the fewest requests in flight; equals take turns by `ticket`.
///
/// `loads` gives for each instance its load, or `None` where it may not be chosen.
pub fn instance(loads: impl ExactSizeIterator<Item = Option<u32>>, ticket: u64) -> Option<usize> {
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

    proptest! {
        #[test]
        fn no_bucket_goes_back_while_the_weight_grows(weights in prop::collection::vec(0u8..=100, 1..6), first in any::<bool>()) {
            let mut weights = weights;
            weights.sort_unstable();
            let stable = usize::from(!first);
            for bucket in 0..100 {
                let mut passed = false;
                for weight in &weights {
                    let mut shares = [(100 - weight, true), (*weight, true)];
                    shares.rotate_left(stable);
                    let is_candidate = version_of_bucket(shares.into_iter(), stable, bucket) == Some(1 - stable);
                    prop_assert_eq!(is_candidate, bucket < *weight);
                    prop_assert!(is_candidate || !passed);
                    passed = is_candidate;
                }
            }
        }

        #[test]
        fn a_bucket_goes_where_it_can_be_served(
            shares in prop::collection::vec((0u8..=50, any::<bool>()), 0..4), stable in 0usize..4, bucket in 0u8..100
        ) {
            match version_of_bucket(shares.iter().copied(), stable, bucket) {
                Some(index) => prop_assert!(shares[index].0 > 0 && shares[index].1),
                None => prop_assert!(shares.iter().all(|s| s.0 == 0 || !s.1)),
            }
        }
    }

    #[test]
    fn a_hundred_tickets_deal_each_bucket_once() {
        let mut buckets: Vec<u8> = (7..107).map(bucket).collect();
        buckets.sort_unstable();
        assert!(buckets.into_iter().eq(0..100));
    }

    #[test]
    fn equal_instances_take_turns() {
        let turns: Vec<_> = (0..4)
            .map(|ticket| instance([Some(0), None, Some(0)].into_iter(), ticket).unwrap())
            .collect();
        assert!(turns.contains(&0) && turns.contains(&2), "{turns:?}");
    }
}
