// Elements and pictures. Everything that agents or clients wrote becomes text, never markup.

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  fill(made, attributes, children);
  return made;
}

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  fill(made, attributes, children);
  return made;
}

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) made.append(child);
  }
}

const PHASES = ["Drawing", "Committing", "Opening", "Tallying", "Publishing", "Final"];

export function phases(round) {
  // Most rounds are never appealed nor flagged, so those steps are shown while they last.
  const rare = { Appealing: 4, Flagging: 5, Voting: 5 }[round.phase];
  const steps = rare === undefined ? PHASES : PHASES.toSpliced(rare, 0, round.phase);
  const now = steps.indexOf(round.phase);
  const done = round.phase === "Final";
  return el("ol", { class: "steps", "aria-label": `Phase ${round.phase}` }, steps.map((name, at) => {
    const state = done || at < now ? "done" : at === now ? "now" : "";
    return el("li", { class: state, "aria-current": at === now && !done ? "step" : null }, name);
  }));
}

// As wide as the page has room for, so that the letters in a picture keep their size.
function room() {
  return Math.max(300, Math.min(720, document.getElementById("main").clientWidth - 60));
}

// Where each verifier's digest lies from the provider's, on a line of 256 bits.
export function distances(level, tolerance) {
  const seats = level.seats;
  const width = room(), left = 80, right = width - 16, row = 26, top = 34;
  const height = top + seats.length * row + 42;
  const x = (bits) => left + (right - left) * bits / 256;
  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": inWords(level, tolerance) });
  const bottom = height - 38;
  chart.append(svg("rect", { class: "within", x: x(0), y: top - 8, width: Math.max(3, x(tolerance) - x(0)), height: bottom - top + 8 }));
  chart.append(svg("line", { class: "edge", x1: x(tolerance), x2: x(tolerance), y1: top - 14, y2: bottom }));
  chart.append(svg("text", { x: Math.min(x(tolerance) + 4, right - 110), y: top - 16 }, `tolerance ${tolerance}`));
  for (const bits of [0, 64, 128, 192, 256]) {
    chart.append(svg("line", { class: "axis", x1: x(bits), x2: x(bits), y1: top - 8, y2: bottom }));
    chart.append(svg("text", { class: "faint", x: x(bits), y: bottom + 16, "text-anchor": "middle" }, bits));
  }
  chart.append(svg("text", { class: "faint", x: right, y: height - 4, "text-anchor": "end" }, "bits from the provider's digest"));
  seats.forEach((seat, at) => {
    const y = top + at * row + row / 2 - 4;
    chart.append(svg("text", { x: 0, y: y + 4 }, `Agent ${seat.agentId}`));
    if (seat.distance === null) {
      const text = seat.openedAt ? "opened; no claim to compare" : seat.committedAt ? "committed" : "waiting";
      chart.append(svg("text", { class: "faint", x: x(0) + 8, y: y + 4 }, text));
      return;
    }
    chart.append(svg("circle", { class: seat.agrees ? "agrees" : "differs", cx: x(seat.distance), cy: y, r: 6 }));
    const after = seat.distance < 215;
    chart.append(svg("text", { x: x(seat.distance) + (after ? 11 : -11), y: y + 4, "text-anchor": after ? "start" : "end" }, seat.distance));
  });
  return chart;
}

function inWords(level, tolerance) {
  const said = level.seats.map((seat) => seat.distance === null
    ? `agent ${seat.agentId} has not opened`
    : `agent ${seat.agentId} ${seat.distance} bits away, ${seat.agrees ? "agrees" : "differs"}`);
  return `Distances from the provider's digest, tolerance ${tolerance} bits: ${said.join("; ")}.`;
}

// A score over time: the mean as a line, lower to upper bound as a band.
export function overTime(points) {
  const known = points.filter((point) => point.mean !== null);
  const width = room(), height = 220, left = 44, right = width - 12, top = 12, bottom = height - 28;
  const first = known[0].timestamp, last = known[known.length - 1].timestamp;
  const x = (time) => last === first ? (left + right) / 2 : left + (right - left) * (time - first) / (last - first);
  const y = (share) => bottom - (bottom - top) * share;
  const newest = known[known.length - 1];
  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Mean ${percent(newest.mean)}, between ${percent(newest.lowerBound)} and ${percent(newest.upperBound)}, after ${known.length} steps.` });
  for (const share of [0, .25, .5, .75, 1]) {
    chart.append(svg("line", { class: "axis", x1: left, x2: right, y1: y(share), y2: y(share) }));
    chart.append(svg("text", { class: "faint", x: left - 8, y: y(share) + 4, "text-anchor": "end" }, percent(share, 0)));
  }
  const at = (point, key) => `${x(point.timestamp).toFixed(1)},${y(point[key]).toFixed(1)}`;
  const band = [...known.map((p) => at(p, "upperBound")), ...known.slice().reverse().map((p) => at(p, "lowerBound"))];
  chart.append(svg("polygon", { class: "band", points: band.join(" ") }));
  chart.append(svg("polyline", { class: "line", points: known.map((p) => at(p, "mean")).join(" ") }));
  for (const point of known) chart.append(svg("circle", { class: "dot", cx: x(point.timestamp), cy: y(point.mean), r: 3.5 }));
  // On a phone two whole moments have no room beside each other.
  const moment = (time) => width < 420 ? when(time).slice(5, 16) : when(time);
  chart.append(svg("text", { class: "faint", x: left, y: height - 6 }, moment(first)));
  if (last !== first) chart.append(svg("text", { class: "faint", x: right, y: height - 6, "text-anchor": "end" }, moment(last)));
  return chart;
}

export function percent(share, digits = 1) {
  return share === null || share === undefined ? "unknown" : `${(share * 100).toFixed(digits)} %`;
}

export function ether(wei) {
  if (wei === null || wei === undefined) return "–";
  const digits = wei.padStart(19, "0");
  const rest = digits.slice(-18).replace(/0+$/, "");
  return `${digits.slice(0, -18)}${rest ? `.${rest}` : ""} ETH`;
}

export function when(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function short(hash) {
  return hash ? `${hash.slice(0, 10)}…${hash.slice(-6)}` : "–";
}

export function table(columns, rows) {
  const head = el("tr", {}, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)));
  const body = rows.map((cells) => el("tr", {}, cells.map((cell, at) => el("td", { class: columns[at][1] }, cell ?? "–"))));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, head), el("tbody", {}, body)));
}

// What has to be scrolled must be reached by keyboard; what fits must not be in its way.
export function reachable(root) {
  for (const region of root.querySelectorAll(".scroll")) {
    const wide = region.scrollWidth > region.clientWidth;
    const attributes = { tabindex: "0", role: "group", "aria-label": "Table, scrolls sideways" };
    for (const [name, value] of Object.entries(attributes)) {
      if (wide) region.setAttribute(name, value); else region.removeAttribute(name);
    }
  }
}

export function facts(pairs) {
  return el("dl", {}, pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value ?? "–")]));
}
