// How figures are written and drawn. Whatever comes from the stream is set as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';
const exact = new Intl.NumberFormat('en');
const rounded = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const brief = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });

/** An element with a class and a text. */
export function element(name, className = '', text = '') {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** An element of a drawing. */
export function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export const count = (number) => (number < 1e6 ? exact.format(number) : brief.format(number));
export const rate = (number) => `${number < 1e4 ? rounded.format(number) : brief.format(number)}/s`;

export function span(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${rounded.format(ms)} ms`;
  return ms < 120e3 ? `${rounded.format(ms / 1000)} s` : long(ms);
}

/** A long time, in its two largest units. */
export function long(ms) {
  const seconds = Math.floor(ms / 1000);
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let left = seconds;
  const parts = [];
  for (const [name, size] of units) {
    if (left >= size || (name === 's' && !parts.length)) {
      parts.push(`${Math.floor(left / size)} ${name}`);
      left %= size;
    }
  }
  return parts.slice(0, 2).join(' ');
}

export function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  while (number >= 1024 && at < units.length - 1) [number, at] = [number / 1024, at + 1];
  return `${rounded.format(number)} ${units[at]}`;
}

/** A value as there is room for it: a number with many digits behind its point has six in all. */
export const short = (text) => (/^-?\d+\.\d{4,}$/.test(text) ? String(Number(Number(text).toPrecision(6))) : text);

export const clock = (ms) => new Date(ms).toLocaleTimeString('en-GB');

/** A curve over the last batches in a figure, with its newest value, mean and maximum, and a line at a limit. */
export class Curve {
  constructor(figure, shown) {
    this.shown = shown;
    this.value = element('output');
    this.mean = element('small');
    this.named = figure.querySelector('figcaption').appendChild(element('span', 'limit'));
    this.named.title = 'The dashed line is the interval between batches';
    this.svg = drawn('svg', { viewBox: '0 0 120 72', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    const names = ['base', 'limit', 'cursor'];
    [this.base, this.limit, this.cursor] = names.map((name) => drawn('line', { class: name }));
    this.area = drawn('path', { class: 'area' });
    this.curve = drawn('path', { class: 'curve' });
    this.svg.append(this.base, this.area, this.limit, this.curve, this.cursor);
    figure.append(this.value, this.mean, this.svg);
    this.points = [];
    this.looked = null;
    this.svg.addEventListener('pointermove', (event) => this.look(event));
    this.svg.addEventListener('pointerleave', () => { this.looked = null; this.tell(); });
  }

  /** Draws points of a time and a value; what has none is not drawn. */
  draw(points, most, limit = null) {
    this.points = points.filter(({ value }) => value !== null && value !== undefined);
    this.most = most;
    this.named.textContent = limit === null ? '' : `┄ of ${this.shown(limit)}`;
    const top = Math.max(limit === null ? 0 : limit * 1.15, ...this.points.map(({ value }) => value)) || 1;
    const y = (value) => 70 - 66 * (value / top);
    const x = (index) => 120 - (this.points.length - 1 - index) * (120 / (most - 1));
    const line = this.points.map(({ value }, index) => `${x(index).toFixed(2)} ${y(value).toFixed(2)}`);
    this.curve.setAttribute('d', line.length ? `M${line.join('L')}` : '');
    const ends = `L120 70L${x(0).toFixed(2)} 70Z`;
    this.area.setAttribute('d', line.length ? `M${line.join('L')}${ends}` : '');
    place(this.base, 0, 70, 120, 70);
    place(this.limit, 0, y(limit ?? 0), 120, y(limit ?? 0));
    this.limit.style.display = limit === null ? 'none' : '';
    this.x = x;
    this.tell();
  }

  look(event) {
    const box = this.svg.getBoundingClientRect();
    const back = Math.round((1 - (event.clientX - box.left) / box.width) * (this.most - 1));
    const index = this.points.length - 1 - back;
    this.looked = index in this.points ? this.points[index] : null;
    this.tell();
  }

  tell() {
    const { points, looked } = this;
    const point = looked ?? points.at(-1);
    this.value.textContent = point ? this.shown(point.value) : '–';
    const mean = points.reduce((sum, { value }) => sum + value, 0) / (points.length || 1);
    const most = Math.max(...points.map(({ value }) => value));
    // A line is broken between the two alone.
    const told = [`mean ${this.shown(mean)}`, `max ${this.shown(most)}`].map((text) => text.replaceAll(' ', '\u00a0'));
    const summed = points.length ? told.join(' · ') : '';
    this.mean.textContent = looked ? `at ${clock(looked.time)}` : summed;
    const at = looked ? this.x(points.indexOf(looked)) : -1;
    place(this.cursor, at, 2, at, 70);
    this.cursor.style.display = looked ? '' : 'none';
  }
}

function place(line, x1, y1, x2, y2) {
  for (const [key, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(key, value);
}

const HEIGHT = 30;
const FIGURE = '\u2007';

/** The rows of a report as bars: each key keeps its bar, which moves to its new place and length. */
export class Bars {
  constructor(list) {
    this.list = list;
    this.rows = new Map();
  }

  draw(report) {
    const rows = report.rows;
    const most = Math.max(...rows.map(({ size }) => Math.abs(size ?? 0)), 0) || 1;
    this.list.classList.toggle('plain', rows.every(({ size }) => size === null));
    this.list.style.height = `${rows.length * HEIGHT}px`;
    // Values stand below each other, and all bars begin and end in the same place: a space as wide as a digit fills up.
    const texts = rows.map(({ values }) => values.map(short));
    const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((text) => text[column]?.length ?? 0)));
    const lines = texts.map((text) => text.map((each, column) => each.padStart(widths[column], FIGURE)).join('  '));
    this.list.style.setProperty('--values', `${Math.max(0, ...lines.map(({ length }) => length))}ch`);
    const left = new Map(this.rows);
    const seen = new Map();
    for (const [place, row] of rows.entries()) {
      // Keys that look the same may be several.
      const name = `${row.key === null ? 'missing' : `key ${row.key}`}`;
      const number = (seen.get(name) ?? 0) + 1;
      seen.set(name, number);
      const id = `${number} ${name}`;
      left.delete(id);
      this.put(this.rows.get(id) ?? this.make(id, row), row, lines[place], place, most);
    }
    for (const [id, bar] of left) {
      this.rows.delete(id);
      bar.item.remove();
    }
    const items = [...this.rows.values()].sort((a, b) => a.place - b.place).map(({ item }) => item);
    items.forEach((item, index) => {
      if (this.list.children[index] !== item) this.list.insertBefore(item, this.list.children[index] ?? null);
    });
  }

  make(id, row) {
    const item = element('li');
    const key = element('bdi', row.key === null ? 'key missing' : 'key', row.key ?? 'no key');
    if (row.key === '') [key.textContent, key.className] = ['(empty)', 'key missing'];
    key.title = key.textContent;
    const track = element('span', 'track');
    const bar = track.appendChild(element('div', 'bar'));
    const value = element('bdi', 'value');
    item.append(key, track, value);
    const made = { item, bar, track, value };
    this.rows.set(id, made);
    return made;
  }

  put(made, row, line, place, most) {
    made.place = place;
    made.value.textContent = line;
    made.value.title = row.values.join('  ');
    made.track.hidden = row.size === null;
    made.item.style.transform = `translateY(${place * HEIGHT}px)`;
    // A bar that is new grows from nothing.
    requestAnimationFrame(() => { made.bar.style.transform = `scaleX(${Math.abs(row.size ?? 0) / most})`; });
  }
}
