//! The finders are proven: each planted bug is found by the same lives, soon.

use super::*;
use crate::checkpoint::bug::Bug;

fn found(bug: Bug, live: impl Fn(u64) -> Lived) -> Option<(u64, String)> {
    PLANTED.set(Some(bug));
    let found = (0..3000).find_map(|seed| Some((seed, live(seed).err()?)));
    PLANTED.set(None);
    found
}

macro_rules! planted {
    ($($name:ident: $bug:ident, $live:expr;)*) => {
        $(#[test]
        fn $name() {
            let (seed, wrong) = found(Bug::$bug, $live).expect("nobody has noticed");
            assert!(seed < 500, "{seed}: {wrong}");
        })*
    };
}

/// Lives of a source that cannot be asked again.
fn sent(seed: u64) -> Lived {
    sent::live(seed, true)
}

planted! {
    a_batch_handed_out_before_its_record_is_synced_is_found: PublishBeforeSync, lives::live;
    what_is_owed_and_skipped_is_found: SkipOwed, lives::live;
    rows_that_seem_changed_after_a_start_are_found: KeepTouched, lives::live;
    a_forgotten_key_that_is_not_recorded_is_found: NoTombstones, lives::live;
    a_time_that_comes_twice_is_found: TimeAgain, sent;
    input_released_before_its_record_is_found: ReleaseBeforeRecord, sent;
    input_acknowledged_to_a_sender_before_the_sync_is_found: WalAckBeforeSync, sent;
    a_batch_whose_record_was_not_synced_is_found: AckBeforeSync, lives::live;
}
