// The page: listens to weir's events and shows what they tell.
//
//   run        what is known from the start; another run begins with nothing
//   batch      one that has ended; those that were missed come first
//   standing   how all stands, each second; when it does not come, weir has gone

import { Bars, Curve, bytes, clock, count, drawn, element, long, rate, short, span } from './draw.js';

const KEPT = 120;
const LISTED = 20;
const SILENT_MS = 5000;
const at = (id) => document.getElementById(id);

const charts = {
  rate: new Curve(at('rate'), rate),
  processing: new Curve(at('processing'), span),
  scheduling: new Curve(at('scheduling'), span),
  total: new Curve(at('total'), span),
};
const bars = new Bars(at('bars'));
let run = null;
let batches = [];
let standing = null;
let parts = [];
let heard = 0;
let due = false;

/** Has all be drawn once, with the next frame, however many events come until then. */
function show() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (!run) return;
    showBatches();
    if (standing && !lost) showStanding();
  });
}

function begin(told) {
  if (run?.id === told.id) return;
  [run, batches, standing] = [told, [], null];
  at('version').textContent = `weir ${run.version}`;
  at('batches').tBodies[0].replaceChildren();
  bars.draw({ rows: [] });
  for (const id of ['processing', 'scheduling', 'total']) at(id).hidden = !hasClock();
  at('batches').classList.toggle('untimed', !hasClock());
  at('batches-title').textContent = hasClock() ? 'Last batches' : 'Last seconds';
  layPipeline();
}

const hasClock = () => !run.once && run.interval_ms > 0;

// ---- What comes

let seen = null;
let lost = false;

function take(name, act) {
  return (event) => {
    [heard, lost, at('lost').hidden] = [Date.now(), false, true];
    if (name === 'batch') {
      // A connection that was made anew may tell again what was told.
      if (event.lastEventId === seen) return;
      seen = event.lastEventId;
    }
    act(JSON.parse(event.data));
    show();
  };
}

function connect() {
  const events = new EventSource('api/events');
  events.addEventListener('run', take('run', begin));
  events.addEventListener('standing', take('standing', (told) => { standing = told; }));
  events.addEventListener('batch', take('batch', (batch) => {
    const last = batches.at(-1);
    if (last && batch.time_ms <= last.time_ms) return;
    batches = [...batches, batch].slice(-KEPT);
  }));
  events.onerror = () => {
    lose();
    if (events.readyState !== EventSource.CLOSED) return;
    events.close();
    setTimeout(connect, 2000);
  };
}

function lose() {
  const since = heard ? `, since ${clock(heard)}` : '';
  at('lost').textContent = `The connection to weir is lost${since}: it has ended, or cannot be reached. Trying again.`;
  [lost, at('lost').hidden] = [true, false];
  verdict({ state: 'lost', text: 'weir does not answer' });
  document.querySelectorAll('.flowing').forEach((part) => part.classList.remove('flowing'));
}

setInterval(() => { if (heard && Date.now() - heard > SILENT_MS) lose(); }, 1000);

// ---- What is shown of it

const WORDS = {
  good: 'keeps up', behind: 'falls behind', stalled: 'stands still', starting: 'starting', lost: 'connection lost',
};

function verdict({ state, text }) {
  const pill = at('verdict');
  pill.className = state;
  const [word, told] = pill.children;
  word.textContent = state === 'good' && !hasClock() ? 'runs' : WORDS[state];
  told.textContent = text;
  document.title = `${word.textContent} · weir`;
}

function showBatches() {
  const seconds = (run.interval_ms || 1000) / 1000;
  const points = (value) => batches.map((batch) => ({ time: batch.time_ms, value: value(batch) }));
  const per = hasClock() ? seconds : 1;
  charts.rate.draw(points((batch) => batch.records / per), KEPT);
  const limit = hasClock() ? run.interval_ms : null;
  charts.processing.draw(points((batch) => batch.processing_ms), KEPT, limit);
  charts.scheduling.draw(points((batch) => batch.scheduling_delay_ms), KEPT);
  charts.total.draw(points((batch) => batch.total_delay_ms), KEPT, limit);
  const [first, last] = [batches[0], batches.at(-1)].map((batch) => (batch ? clock(batch.time_ms) : ''));
  const what = hasClock() ? 'batches' : 'seconds';
  at('covered').textContent = batches.length > 1 ? `The last ${batches.length} ${what}, from ${first} to ${last}` : '';
  const report = batches.findLast((batch) => batch.report)?.report;
  if (report) showReport(report);
  const rows = batches.slice(-LISTED).reverse().map(batchRow);
  at('batches').tBodies[0].replaceChildren(...rows);
}

function showReport(report) {
  const records = run.columns.length === 0;
  at('report-title').textContent = records ? 'Last records' : run.keyed ? 'Top keys' : 'Report';
  const columns = run.columns.length > 1 ? ` (${run.columns.join(', ')})` : '';
  const shown = report.rows.length < report.count ? `${report.rows.length} of ${count(report.count)}` : count(report.count);
  const what = report.count === 1 ? 'row' : 'rows';
  at('report-about').textContent = records
    ? `The last ${report.rows.length} of ${count(report.count)} records of ${clock(report.time_ms)}`
    : `${shown} ${what}${columns} of the report of ${clock(report.time_ms)}`;
  bars.draw(report);
}

function batchRow(batch) {
  const row = element('tr');
  const cell = (text, className) => row.appendChild(element('td', className, text));
  cell(clock(batch.time_ms));
  cell(count(batch.records), 'number');
  cell(batch.bad ? count(batch.bad) : '', 'number wide');
  cell(span(batch.scheduling_delay_ms), 'number wide timed');
  cell(span(batch.processing_ms), 'number timed');
  cell(span(batch.total_delay_ms), 'number wide timed');
  const top = cell('');
  if (batch.passed_unread) {
    top.append(element('span', 'note', `${batch.passed_unread} passed unread before it `));
  }
  for (const { key, values } of batch.report?.rows.slice(0, 5) ?? []) {
    top.append(element('bdi', 'key', key ?? 'no key'), element('bdi', 'count', values.map(short).join(' ')));
  }
  return row;
}

function showStanding() {
  const { state, text } = standing.verdict;
  // The last batch may be newer than what was told of it.
  const last = hasClock() && state === 'good' ? batches.at(-1) : null;
  verdict({ state, text: last ? `the last batch was out ${span(last.total_delay_ms)} after its end` : text });
  const batchesOf = hasClock() ? `Batches of ${span(run.interval_ms)}` : run.once ? 'One batch' : 'Record at a time';
  const ended = hasClock() ? `${count(standing.batches)} batches, ` : '';
  at('about').textContent = `${batchesOf} for ${long(standing.uptime_ms)} since `
    + `${new Date(run.started_ms).toLocaleString('sv-SE')} (${ended}${count(standing.records)} records)`;
  showTiles();
  showFlow();
  showInput();
}

function showTiles() {
  const tiles = [];
  const tile = (name, value, beside = '', attention = false) => {
    const made = element('div', attention ? 'attention' : '');
    const told = element('dd', '', value);
    if (beside) told.append(element('small', '', beside));
    made.append(element('dt', '', name), told);
    tiles.push(made);
  };
  const lag = Object.values(standing.behind).reduce((sum, part) => sum + part, 0);
  const busy = batches.at(-1)?.busy;
  tile('Records', count(standing.records), bytes(standing.bytes));
  tile('Bad records', count(standing.bad), '', standing.bad > 0);
  if (standing.dropped) tile('Dropped', count(standing.dropped), 'by steps');
  tile('Rows out', count(standing.rows));
  if (standing.keys !== null) tile('Keys in state', count(standing.keys));
  if (Object.keys(standing.behind).length) tile('Not read yet', count(lag), 'lag');
  const lost = standing.source.lost_datagrams;
  if (lost !== null) tile('Lost datagrams', count(lost), 'not read in time', lost > 0);
  if (hasClock()) {
    tile('Unread', count(standing.passed_unread), 'batches passed', standing.passed_unread > 0);
    if (busy !== null && busy !== undefined) tile('Workers busy', `${Math.round(busy * 100)} %`, `of ${run.threads} ${run.threads === 1 ? 'thread' : 'threads'}`);
  }
  tile('Memory', bytes(standing.memory_bytes), `peak ${bytes(standing.memory_peak_bytes)}`);
  const kept = standing.checkpoint;
  if (kept) {
    tile('Checkpoint', bytes(kept.bytes), `commit ${span(Number(kept.commit_ms.toPrecision(2)))}`);
    tiles.at(-1).title = `${run.checkpoint}: the last commit took ${span(kept.commit_ms)}`;
  }
  at('tiles').replaceChildren(...tiles);
}

// ---- The pipeline

function layPipeline() {
  parts = run.pipeline.map(({ part, what, leaves }, index) => {
    const item = element('li');
    if (index) {
      const arrow = drawn('svg', { class: 'arrow', viewBox: '0 0 38 12', 'aria-hidden': 'true' });
      arrow.append(drawn('path', { d: 'M3 6H33M28 2L33 6L28 10' }), drawn('path', { class: 'stream', d: 'M3 6H28' }));
      item.append(arrow);
    }
    const box = element('div', 'part');
    const flow = element('span', 'flow');
    box.title = leaves;
    box.append(element('span', 'kind', part === 'no' ? '' : part), element('code', '', part === 'no' ? `no ${what}` : what), flow);
    item.append(box);
    return { part, item, flow, leaves };
  });
  at('pipeline').replaceChildren(...parts.map(({ item }) => item));
}

/** What comes to each part and leaves it; the last batch says whether anything flows. */
function showFlow() {
  const moves = (batches.at(-1)?.records ?? 0) > 0;
  let comes = standing.records;
  let step = 0;
  for (const { part, item, flow, leaves } of parts) {
    item.classList.toggle('flowing', moves);
    const told = [];
    const say = (number, words, className = '') => told.push([count(number), words, className]);
    if (part === 'source') {
      say(standing.records, 'read');
    } else if (part === 'step') {
      const { out, dropped, bad } = standing.steps[step++] ?? {};
      if (out === undefined) continue;
      say(comes, 'in');
      say(out, 'out');
      if (dropped) say(dropped, 'dropped', 'dropped');
      if (bad) say(bad, 'bad', 'refused');
      comes = out;
    } else if (part === 'aggregate' || part === 'no') {
      say(comes, 'in');
    } else if (part === 'window' || part === 'state') {
      if (standing.keys !== null) say(standing.keys, 'keys');
    } else if (part === 'format') {
      say(standing.rows, leaves ? `rows out to ${leaves}` : 'rows out');
    } else if (part === 'checkpoint' && standing.checkpoint) {
      say(standing.checkpoint.commits, 'commits');
    }
    flow.replaceChildren(...told.flatMap(([number, words, className], index) => {
      const one = element('span', className);
      one.append(element('b', '', number), ` ${words}`);
      return index ? [' · ', one] : [one];
    }));
  }
}

// ---- The input

function showInput() {
  at('waiting').textContent = standing.source.waiting;
  at('links').replaceChildren(...standing.source.links.map(({ name, up, error }) => {
    const item = element('li', up ? 'up' : '');
    item.append(element('span', 'dot'), element('bdi', 'name', name));
    const state = up ? (error ? `connected; before that: ${error}` : '') : error ?? 'not connected';
    if (state) item.append(element('span', 'error', state));
    item.title = up ? 'connected' : 'not connected';
    return item;
  }));
  const lags = Object.entries(standing.behind);
  at('lag').hidden = lags.length === 0;
  at('lag').tBodies[0].replaceChildren(...lags.slice(0, 200).map(([part, number]) => {
    const row = element('tr');
    row.append(element('td', '', part), element('td', 'number', count(number)));
    return row;
  }));
  at('bad').hidden = standing.last_bad.length === 0;
  at('reasons').replaceChildren(...standing.last_bad.map((reason) => element('li', '', reason)));
}

connect();
