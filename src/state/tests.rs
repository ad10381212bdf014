//! Windows and running state against what the definitions give, recomputed from all records.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::cell::sample::Sample;
use crate::cell::{Count, Group, Members, Overflow, Placed, Row, Statistics, Summary, Total};
use crate::report::value::Value;

type Bytes = Vec<u8>;
/// A key's values, the place of its first appearance, and its bytes.
type Shown = (Result<Vec<Value>, Overflow>, u64, Vec<u8>);
type Rows = BTreeMap<Bytes, Shown>;

/// A record: the Time of its batch in ms, its key, and its place.
#[derive(Clone, Debug)]
struct Record {
    time: i64,
    key: Bytes,
    place: u64,
}

/// What some records come to, each of which has a number of its own.
fn cell<C: Sample>(places: impl IntoIterator<Item = u64>) -> C {
    let number = |place: u64| match place % 5 {
        0 => format!("{}.5e{}", place, place % 29),
        1 => format!("-{}.{place}", place * 7),
        _ => format!("{}", place as i64 - 9),
    };
    let numbers: Vec<_> = places.into_iter().map(|place| (place, number(place))).collect();
    C::of(numbers.iter().map(|(place, text)| Row { value: text.as_bytes(), place: *place }))
}

fn shown<C: Sample>(cell: &C) -> Shown {
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    let shown = cell.values(&C::plan(), &mut values);
    cell.save(&mut bytes);
    (shown.map(|()| values), cell.first(), bytes)
}

/// What records come to, by the definition.
fn naive<'a, C: Sample>(records: impl IntoIterator<Item = &'a Record>) -> Rows {
    let mut places: BTreeMap<Bytes, Vec<u64>> = BTreeMap::new();
    for record in records {
        places.entry(record.key.clone()).or_default().push(record.place);
    }
    places.into_iter().map(|(key, places)| (key, shown(&cell::<C>(places)))).collect()
}

/// Batches as (intervals since the last one, keys), and how each is dealt out to workers.
fn stream() -> impl Strategy<Value = Vec<(i64, Vec<Bytes>)>> {
    let key = prop_oneof![
        6 => prop::collection::vec(prop::sample::select(&b"ab\0"[..]), 0..3),
        1 => (0u8..4).prop_map(|n| vec![n; 30]),
    ];
    let batch = (prop_oneof![8 => Just(1i64), 1 => 2i64..12], prop::collection::vec(key, 0..6));
    prop::collection::vec(batch, 0..40)
}

fn records(stream: &[(i64, Vec<Bytes>)]) -> (Vec<i64>, Vec<Record>) {
    let (mut time, mut times, mut records) = (-7000, Vec::new(), Vec::new());
    for (gap, keys) in stream {
        time += gap * 1000;
        times.push(time);
        for key in keys {
            records.push(Record { time, key: key.clone(), place: records.len() as u64 });
        }
    }
    (times, records)
}

/// Enters a batch: its records dealt out to `workers` cells a key, in an order that `turn` chooses.
fn enter<C: Sample>(state: &mut State<C>, seeds: &Seeds, batch: &[&Record], deal: [usize; 2]) {
    let [workers, turn] = deal;
    let mut parts: BTreeMap<(usize, &Bytes), Vec<u64>> = BTreeMap::new();
    for (index, record) in batch.iter().enumerate() {
        parts.entry((index % workers, &record.key)).or_default().push(record.place);
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    let turn = turn.min(parts.len());
    parts.rotate_left(turn);
    for ((_, key), places) in parts {
        state.enter(Key::copied(key, seeds), &cell(places));
    }
}

fn report<C: Sample>(state: &State<C>) -> Rows {
    let mut rows = Rows::new();
    state.for_each(|key, cell| assert_eq!(rows.insert(key.to_vec(), shown(cell)), None));
    rows
}

/// The same from what changed: checks that a row is called changed if and only if it did.
fn changed<C: Sample>(state: &mut State<C>, last: &Rows) -> Rows {
    let mut rows = Rows::new();
    state.changes(|key, was, cell| {
        assert_eq!(was.map(shown).as_ref(), last.get(key), "what it was: {key:?}");
        if was.is_none_or(|was| shown(was) != shown(cell)) {
            assert_eq!(rows.insert(key.to_vec(), shown(cell)), None);
        }
    });
    rows
}

fn differing(now: &Rows, last: &Rows) -> Rows {
    let differs = |(key, row): &(&Bytes, &Shown)| last.get(*key) != Some(*row);
    now.iter().filter(differs).map(|(key, row)| (key.clone(), row.clone())).collect()
}

/// Runs a window over the stream, until it has drained, and checks every report.
fn window_holds<C: Sample>(
    stream: &[(i64, Vec<Bytes>)],
    window: Window,
    keep_zeros: bool,
    deal: [usize; 2],
) {
    let (times, records) = records(stream);
    let seeds = Seeds::random();
    let retention = Retention::Window { window, keep_zeros };
    let mut state = State::<C>::new(&retention, &seeds, true, false);
    let mut plain = State::<C>::new(&retention, &seeds, false, false);
    let (mut last, mut seen) = (Rows::new(), BTreeSet::new());
    let mut upcoming = times.iter().copied().peekable();
    let drained = upcoming.peek().map(|_| times[times.len() - 1] + 30_000);
    while let Some(time) = upcoming.next() {
        let batch: Vec<_> = records.iter().filter(|record| record.time == time).collect();
        for state in [&mut state, &mut plain] {
            state.begin(Stamp(time));
            if state.is_open() {
                enter(state, &seeds, &batch, deal);
            }
            state.settle(Stamp(time)).unwrap();
        }
        if window.pane(Stamp(time)).is_some() {
            seen.extend(batch.iter().map(|record| record.key.clone()));
        }
        let until = upcoming.peek().copied().or(drained).unwrap();
        let mut due = window.due(Stamp(time));
        while due.0 < until {
            let start = window.start(due).0;
            let inside = records.iter().filter(|r| start < r.time && r.time <= due.0);
            let mut wanted = naive::<C>(inside);
            assert_eq!(state.holds() || plain.holds(), state.holds() && plain.holds());
            for state in [&mut state, &mut plain] {
                state.settle(due).unwrap();
                assert_eq!(state.holds(), !wanted.is_empty(), "{due:?}");
            }
            if keep_zeros {
                for key in &seen {
                    wanted.entry(key.clone()).or_insert_with(|| shown(&C::default()));
                }
            }
            assert_eq!(report(&state), wanted, "{window:?} at {due:?}");
            assert_eq!(report(&plain), wanted, "{window:?} at {due:?}");
            assert_eq!(changed(&mut state, &last), differing(&wanted, &last), "at {due:?}");
            last = wanted;
            due = due.after(window.slide());
        }
    }
}

/// Running state by its definition: a map, the Time each key was seen, and how many it may hold.
#[derive(Default)]
struct Model {
    records: BTreeMap<Bytes, Vec<Record>>,
    seen: BTreeMap<Bytes, (i64, u64)>,
}

impl Model {
    fn take(&mut self, records: &[&Record], seen: impl Fn(&Record) -> (i64, u64)) {
        for &record in records {
            self.records.entry(record.key.clone()).or_default().push(record.clone());
            self.seen.insert(record.key.clone(), seen(record));
        }
    }

    fn forget(&mut self, end: i64) {
        self.seen.retain(|_, (time, _)| *time > end);
        self.records.retain(|key, _| self.seen.contains_key(key));
    }

    fn limit(&mut self, most: usize) {
        while self.seen.len() > most {
            let oldest = self.seen.iter().min_by_key(|(key, seen)| (**seen, *key)).unwrap().0;
            let oldest = oldest.clone();
            self.seen.remove(&oldest);
            self.records.remove(&oldest);
        }
    }
}

fn running_holds<C: Sample>(
    stream: &[(i64, Vec<Bytes>)],
    ttl: Option<i64>,
    most: Option<usize>,
    deal: [usize; 2],
) {
    let (times, records) = records(stream);
    let seeds = Seeds::random();
    let retention = Retention::Running {
        ttl: ttl.map(|ttl| Duration::from_millis(ttl as u64)),
        limit: most.map(|most| (most, OnFull::Oldest)),
    };
    let mut state = State::<C>::new(&retention, &seeds, true, false);
    let (mut model, mut last) = (Model::default(), Rows::new());
    for &time in &times {
        let batch: Vec<_> = records.iter().filter(|record| record.time == time).collect();
        // What passed since the last batch held nothing.
        state.settle(Stamp(time - 1000)).unwrap();
        model.forget(ttl.map_or(i64::MIN, |ttl| time - 1000 - ttl));
        state.begin(Stamp(time));
        enter(&mut state, &seeds, &batch, deal);
        state.settle(Stamp(time)).unwrap();
        model.take(&batch, |record| (record.time, 0));
        model.forget(ttl.map_or(i64::MIN, |ttl| time - ttl));
        model.limit(most.unwrap_or(usize::MAX));
        let wanted = naive::<C>(model.records.values().flatten());
        assert_eq!(report(&state), wanted, "at {time}");
        assert_eq!(changed(&mut state, &last), differing(&wanted, &last), "at {time}");
        last = wanted;
    }
}

proptest! {
    #[test]
    fn a_window_is_what_its_records_come_to(
        stream in stream(), length in 1u64..14, slide in 1u64..9, workers in 1usize..4,
        turn in 0usize..6, keep_zeros: bool,
    ) {
        let [length, slide] = [length, slide].map(Duration::from_secs);
        let window = Window::new(length, Some(slide), Duration::from_secs(1)).unwrap();
        window_holds::<Count>(&stream, window, keep_zeros, [workers, turn]);
        window_holds::<Placed<Count>>(&stream, window, false, [workers, turn]);
        window_holds::<Total>(&stream, window, keep_zeros, [workers, turn]);
        window_holds::<Summary>(&stream, window, false, [workers, turn]);
        window_holds::<Group>(&stream, window, false, [workers, turn]);
        window_holds::<Members>(&stream, window, false, [workers, turn]);
        window_holds::<Placed<Statistics>>(&stream, window, keep_zeros, [workers, turn]);
    }

    #[test]
    fn running_state_is_a_map_that_forgets(
        stream in stream(), ttl in prop::option::of(1i64..12), most in prop::option::of(1usize..7),
        workers in 1usize..4, turn in 0usize..6,
    ) {
        let ttl = ttl.map(|ttl| ttl * 1000);
        running_holds::<Count>(&stream, ttl, most, [workers, turn]);
        running_holds::<Placed<Summary>>(&stream, ttl, most, [workers, turn]);
    }

    #[test]
    fn record_at_a_time_is_a_map_that_forgets_by_the_record(
        stream in stream(), ttl in prop::option::of(1i64..12), most in prop::option::of(1usize..7),
    ) {
        let (times, records) = records(&stream);
        let seeds = Seeds::random();
        let limit = most.map(|most| (most, OnFull::Oldest));
        let ttl = ttl.map(|ttl| ttl * 1000);
        let retention = Retention::Running { ttl: ttl.map(|t| Duration::from_millis(t as u64)), limit };
        let mut state = State::<Count>::new(&retention, &seeds, false, false);
        let mut model = Model::default();
        for &time in &times {
            state.settle(Stamp(time)).unwrap();
            model.forget(ttl.map_or(i64::MIN, |ttl| time - ttl));
            for record in records.iter().filter(|record| record.time == time) {
                state.begin_record(Stamp(time));
                state.enter(Key::copied(&record.key, &seeds), &cell([record.place]));
                state.settle(Stamp(time)).unwrap();
                model.take(&[record], |record| (record.time, record.place));
                model.limit(most.unwrap_or(usize::MAX));
                prop_assert_eq!(report(&state), naive::<Count>(model.records.values().flatten()));
            }
        }
    }
}

#[test]
fn too_many_keys_are_an_error_that_names_the_last_of_them() {
    let seeds = Seeds::random();
    let retention = Retention::Running { ttl: None, limit: Some((2, OnFull::Fail)) };
    let mut state = State::<Count>::new(&retention, &seeds, false, false);
    let mut batch = |time, keys: &[&[u8]]| {
        state.begin(Stamp(time));
        for key in keys {
            state.enter(Key::copied(key, &seeds), &cell([0]));
        }
        state.settle(Stamp(time))
    };
    assert!(batch(1000, &[b"b"]).is_ok());
    assert!(batch(2000, &[b"c", b"b"]).is_ok());
    let error = batch(3000, &[b"d", b"a", b"c"]).unwrap_err();
    assert_eq!(error.exit_status(), 1);
    assert!(error.to_string().starts_with("--max-keys 2: there is no room for the key \"d\""));
}

/// Keys come and go for ever: what is kept follows those that are there.
#[test]
fn what_is_kept_does_not_grow_with_the_keys_that_have_left() {
    let seeds = Seeds::random();
    let [length, second] = [10, 1].map(Duration::from_secs);
    let window = Window::new(length, None, second).unwrap();
    let running = Retention::Running { ttl: Some(length), limit: None };
    for retention in [Retention::Window { window, keep_zeros: false }, running] {
        let mut sums = State::<Count>::new(&retention, &seeds, false, false);
        let mut placed = State::<Placed<Count>>::new(&retention, &seeds, true, false);
        let mut last = Rows::new();
        for time in (1..300).map(|second| Stamp(second * 1000)) {
            sums.begin(time);
            placed.begin(time);
            for n in 0..100 {
                let key = format!("{n} of {}, and somewhat longer", time.0);
                sums.enter(Key::copied(key.as_bytes(), &seeds), &cell([0]));
                placed.enter(Key::copied(key.as_bytes(), &seeds), &cell([0]));
            }
            sums.settle(time).unwrap();
            placed.settle(time).unwrap();
            // Keys die and their slots go to others; what was touched is told apart all the same.
            if time.0 % 7000 == 0 {
                let wanted = report(&placed);
                assert_eq!(changed(&mut placed, &last), differing(&wanted, &last), "{time:?}");
                last = wanted;
            }
        }
        assert_eq!((sums.held, placed.held), (1000, 1000));
        let most = 1000 * 3 / 2 + 3 * 256;
        assert!(sums.slots.count() <= most && placed.slots.count() <= most + 700);
    }
}
