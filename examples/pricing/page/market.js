/**
 * The page of the market: one EventSource on a region with a row for each symbol. The browser connects again by itself when the gateway
 * goes; when only the feed goes, the connection stays, and says so.
 */

const historyMs = 60_000;
const body = document.querySelector('tbody');
const state = document.querySelector('#state');
const ink = { up: 'up', down: 'down', same: '' };

/** By symbol: its row of the table, and what is needed to draw it. */
const rows = new Map();
let shown = 0;

const source = new EventSource('../../v1/regions/feed.market/watch?max-rate=10');
source.onopen = () => show('live', 'live');
source.onerror = () => show('lost', 'the gateway does not answer; trying again');
source.onmessage = ({ data }) => update(JSON.parse(data));
source.addEventListener('live', ({ data }) => {
  if (JSON.parse(data).live) show('live', 'live');
  else show('stale', 'the feed has gone; these are its last values');
});

function show(name, text) {
  state.dataset.state = name;
  state.textContent = text;
  document.documentElement.toggleAttribute('data-stale', name !== 'live');
}

function update(quote) {
  shown += 1;
  const row = rows.get(quote.symbol) ?? addRow(quote);
  const way = quote.last > row.last ? 'up' : quote.last < row.last ? 'down' : 'same';
  const change = (quote.last / quote.open - 1) * 100;
  set(row.cells.bid, price(quote.bid));
  set(row.cells.ask, price(quote.ask));
  set(row.cells.last, price(quote.last), ink[way]);
  set(row.cells.change, `${change > 0 ? '+' : ''}${change.toFixed(2)} %`, change < 0 ? 'down' : 'up');
  set(row.cells.volume, Number(quote.volume).toLocaleString('en'));
  row.last = quote.last;
  row.written = Number(quote.updates);
  row.points.push({ at: performance.now(), last: quote.last });
}

function addRow({ symbol, last, updates }) {
  const element = body.insertRow([...rows.keys()].filter((known) => known < symbol).length);
  element.dataset.symbol = symbol;
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = symbol;
  element.append(head);
  const cells = {};
  for (const name of ['bid', 'ask', 'last', 'change', 'volume']) {
    cells[name] = element.insertCell();
    cells[name].dataset.field = name;
  }
  const canvas = document.createElement('canvas');
  element.insertCell().append(canvas);
  const row = { cells, canvas, last, points: [], written: Number(updates), counted: Number(updates) };
  rows.set(symbol, row);
  return row;
}

function set(cell, text, name = '') {
  cell.textContent = text;
  cell.className = name === '' ? 'number' : `number ${name}`;
}

function price(value) {
  return value.toFixed(2);
}

/** The prices of the last minute as a line. */
function draw({ canvas, points }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  if (width === 0 || points.length < 2) return;
  const now = performance.now();
  const prices = points.map(({ last }) => last);
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low || 1;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  context.beginPath();
  for (const { at, last } of points) {
    context.lineTo(width * (1 - (now - at) / historyMs), height - 2 - ((last - low) / span) * (height - 4));
  }
  context.stroke();
}

/** How often the feed wrote since the last look, as its rows count it. A feed that was started anew counts from 0. */
function countWritten() {
  let written = 0;
  for (const row of rows.values()) {
    written += Math.max(0, row.written - row.counted);
    row.counted = row.written;
  }
  return written;
}

setInterval(() => {
  const oldest = performance.now() - historyMs;
  for (const row of rows.values()) {
    while (row.points.length > 0 && row.points[0].at < oldest) row.points.shift();
    draw(row);
  }
}, 250);

setInterval(() => {
  document.querySelector('#written').textContent = countWritten().toLocaleString('en');
  document.querySelector('#shown').textContent = shown.toLocaleString('en');
  shown = 0;
}, 1000);
