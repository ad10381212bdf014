//! The finders are proven: each planted bug is found by the same lives, soon.

use super::*;
use crate::checkpoint::bug::Bug;

fn found(bug: Bug, live: impl Fn(u64) -> Lived) -> Option<(u64, String)> {
    PLANTED.set(Some(bug));
    let found = first(live);
    PLANTED.set(None);
    found
}

fn noticed(mistake: Mistake, live: impl Fn(u64) -> Lived) -> Option<(u64, String)> {
    MADE.set(Some(mistake));
    let found = first(live);
    MADE.set(None);
    found
}

fn first(live: impl Fn(u64) -> Lived) -> Option<(u64, String)> {
    (0..3000).find_map(|seed| Some((seed, live(seed).err()?)))
}

macro_rules! planted {
    ($($name:ident: $find:ident $bug:expr, $live:expr;)*) => {
        $(#[test]
        fn $name() {
            let (seed, wrong) = $find($bug, $live).expect("nobody has noticed");
            assert!(seed < 500, "{seed}: {wrong}");
        })*
    };
}

/// Lives of a source that cannot be asked again.
fn sent(seed: u64) -> Lived {
    sent::live(seed, true)
}

/// The same, of pairs.
fn sent_pairs(seed: u64) -> Lived {
    sent::live_of_pairs(2 * seed)
}

planted! {
    a_batch_handed_out_before_its_record_is_synced_is_found: found Bug::PublishBeforeSync, lives::live;
    what_is_owed_and_skipped_is_found: found Bug::SkipOwed, lives::live;
    rows_that_seem_changed_after_a_start_are_found: found Bug::KeepTouched, lives::live;
    a_forgotten_key_that_is_not_recorded_is_found: found Bug::NoTombstones, lives::live;
    a_time_that_comes_twice_is_found: found Bug::TimeAgain, sent;
    input_released_before_its_record_is_found: found Bug::ReleaseBeforeRecord, sent;
    input_acknowledged_to_a_sender_before_the_sync_is_found: found Bug::WalAckBeforeSync, sent;
    pairs_acknowledged_before_the_sync_are_found: found Bug::WalAckBeforeSync, sent_pairs;
    a_batch_whose_record_was_not_synced_is_found: found Bug::AckBeforeSync, lives::live;
    a_second_part_of_a_pane_that_is_lost_is_found: found Bug::LosePart, lives::live;
    a_second_piece_of_a_text_that_is_lost_is_found: found Bug::LosePiece, lives::live;
    an_owed_batch_without_a_header_is_found: found Bug::NoHeader, lives::live;
    an_owed_batch_with_other_rows_is_found: found Bug::WrongRows, lives::live;
    logs_removed_for_a_compaction_that_was_cut_are_found: found Bug::TrustTheCut, lives::live;
    a_compaction_that_never_ends_is_found: found Bug::RestartForever, short::live;
    what_a_cut_compaction_leaves_for_ever_is_found: found Bug::KeepTheCut, short::live;
    moves_that_are_lost_with_a_batch_of_no_text_are_found: found Bug::LoseMoves, lives::live;
    positions_that_a_compaction_forgets_are_found: found Bug::ForgetPositions, lives::live;
    a_position_noted_before_its_chunk_is_folded_is_found: noticed Mistake::NotedEarly, lives::live;
    a_directory_of_batches_that_is_not_synced_is_found: noticed Mistake::FolderUnsynced, lives::live;
    a_staged_file_that_is_not_synced_is_found: noticed Mistake::FileUnsynced, lives::live;
    a_batch_that_is_named_before_it_is_decided_is_found: noticed Mistake::NamedEarly, lives::live;
    a_command_that_is_run_before_its_batch_is_decided_is_found: noticed Mistake::RunEarly, lives::live;
    a_command_that_is_not_run_again_is_found: noticed Mistake::RunOnce, lives::live;
    a_transaction_that_is_committed_before_its_batch_is_decided_is_found: noticed Mistake::SentEarly, lives::live;
    an_agent_answered_before_the_sync_is_found: found Bug::WalAckBeforeSync, scripted::agents::live;
    an_agent_answered_before_its_batch_is_safe_is_found: noticed Mistake::AnsweredEarly, scripted::agents::live;
    a_mark_that_is_not_looked_for_is_found: noticed Mistake::MarkForgotten, lives::live;
    a_mark_that_comes_before_its_transaction_is_found: noticed Mistake::MarkApart, lives::live;
}

#[cfg(feature = "kafka")]
mod topics {
    use super::*;
    use scripted::topics::live;

    planted! {
        a_position_that_is_one_too_high_is_found: noticed Mistake::NotedBeyond, live;
        positions_of_what_is_only_read_ahead_are_found: noticed Mistake::NotedEarly, live;
        a_partition_that_is_read_from_its_end_is_found: noticed Mistake::AddedAtItsEnd, live;
        a_topic_made_anew_that_is_not_recognized_is_found: noticed Mistake::Unrecognized, live;
        a_group_that_is_told_too_early_is_found: noticed Mistake::ToldEarly, live;
    }
}
