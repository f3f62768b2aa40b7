//! Who of several has a slot: everybody draws a number for it, and the highest has it.

use std::collections::BTreeSet;

use crate::stream::fnv1a;

/// The identifiers of instances.
pub(crate) type Members = BTreeSet<String>;

/// Whose slot it is. When somebody leaves, only his slots find others; when somebody comes, he
/// takes slots for himself and moves none between others.
pub(super) fn owner<'a>(
    members: &'a Members,
    subscription: &str,
    stream: &str,
    slot: u16,
) -> Option<&'a str> {
    let drawn = |id: &&String| draw(id, subscription, stream, slot);
    members.iter().max_by_key(drawn).map(String::as_str)
}

fn draw(id: &str, subscription: &str, stream: &str, slot: u16) -> u64 {
    let parts = [id, subscription, stream].into_iter();
    let bytes = parts.flat_map(|part| part.bytes().chain([0]));
    mixed(fnv1a(bytes.chain(slot.to_be_bytes())))
}

/// Spreads what differs in a few low bits over all of them (the last steps of SplitMix64):
/// the highest of several bare FNV sums is the same one's for long rows of slots.
fn mixed(mut bits: u64) -> u64 {
    bits ^= bits >> 30;
    bits = bits.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^= bits >> 27;
    bits = bits.wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOTS: u16 = 64;

    fn owners(members: &Members) -> Vec<Option<&str>> {
        let slots = 0..SLOTS;
        let owner = |slot| owner(members, "count", "counts", slot);
        slots.map(owner).collect()
    }

    fn some() -> impl Strategy<Value = Members> {
        proptest::collection::btree_set("[0-9a-f]{8}-[0-9a-f]{4}", 1..8)
    }

    proptest! {
        #[test]
        fn only_slots_of_the_one_who_leaves_move(members in some(), which: prop::sample::Index) {
            let leaver = which.get(&members.iter().cloned().collect::<Vec<_>>()).clone();
            let mut rest = members.clone();
            rest.remove(&leaver);
            for (before, after) in owners(&members).into_iter().zip(owners(&rest)) {
                prop_assert!(before == after || before == Some(&leaver));
                prop_assert!(after != Some(&leaver));
                prop_assert_eq!(after.is_none(), rest.is_empty());
            }
        }

        #[test]
        fn everybody_has_a_part_that_is_not_far_from_fair(members in some()) {
            let fair = f64::from(SLOTS) / members.len() as f64;
            for id in &members {
                let has = owners(&members).into_iter().filter(|one| *one == Some(id)).count() as f64;
                // Five deviations of the binomial distribution.
                let most = 5.0 * (fair * (1.0 - 1.0 / members.len() as f64)).sqrt();
                prop_assert!((has - fair).abs() <= most.max(0.5), "{} has {}", id, has);
            }
        }
    }
}
