//! The finder is proven: each planted bug is found by the same lives, soon.

use super::super::bug::{Bug, PLANTED};
use super::live;

fn found(bug: Bug) -> Option<(u64, String)> {
    PLANTED.set(Some(bug));
    let found = (0..2000).find_map(|seed| Some((seed, live(seed).err()?)));
    PLANTED.set(None);
    found
}

macro_rules! planted {
    ($($name:ident: $bug:ident,)*) => {
        $(#[test]
        fn $name() {
            let (seed, wrong) = found(Bug::$bug).expect("nobody has noticed");
            // A life takes a millisecond: this is well within a second.
            assert!(seed < 500, "{seed}: {wrong}");
        })*
    };
}

planted! {
    a_missing_directory_sync_is_found: NoDirectorySync,
    a_name_before_its_bytes_is_found: NameBeforeBytes,
    removal_before_the_snapshot_is_durable_is_found: RemoveBeforeDurable,
    cutting_regardless_of_what_was_synced_is_found: CutRegardless,
    an_acknowledgement_before_the_sync_is_found: AckBeforeSync,
    belief_in_the_cache_after_a_restart_is_found: BelieveTheCache,
    a_failed_sync_that_is_tried_again_is_found: SyncAgain,
    a_snapshot_that_means_done_is_found: SnapshotMeansDone,
    input_acknowledged_before_the_sync_is_found: WalAckBeforeSync,
    a_segment_removed_before_it_is_covered_is_found: ReleaseEarly,
    a_segment_written_over_under_its_name_is_found: OverwriteEarly,
    belief_in_input_from_the_cache_is_found: BelieveTheWal,
    positions_that_a_compaction_forgets_are_found: ForgetPositions,
}
