// The dashboard: one page, what it shows is named behind the # of the address.
import { distances, el, ether, facts, overTime, percent, phases, reachable, short, table, when } from "/dashboard/draw.js";
import { sourcePages } from "/dashboard/sources.js";

const main = document.getElementById("main");
const health = document.getElementById("health");
let shown = 0;

class Refused extends Error {}

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await answer.json().catch(() => null);
  if (!answer.ok || body === null) throw new Refused(body?.error?.message ?? `The server answered ${answer.status}.`);
  return body;
}

function title(text, ...after) {
  document.title = `${text} – Assay`;
  return [el("h1", {}, text), ...after];
}

function verdict(round) {
  const final = round.verdict !== null;
  return el("span", { class: `tag ${final ? round.verdict : "open"}` }, final ? round.verdict : round.phase);
}

// ------------------------------------------------------------------ pages

async function rounds(query) {
  const page = await get(`/v1/rounds?limit=25${query.get("cursor") ? `&cursor=${encodeURIComponent(query.get("cursor"))}` : ""}`);
  const cards = page.items.map((round) => el("li", { class: "card" },
    el("h2", {}, el("a", { href: `#/rounds/${round.requestHash}` }, `Round ${short(round.requestHash)}`), verdict(round),
      el("span", { class: "when" }, `agent ${round.agentId} · ${round.profileName ?? short(round.profileId)} · ${when(round.submittedAt)}`)),
    phases(round), el("p", {}, round.explanation)));
  return [...title("Rounds", el("p", { class: "lead" }, "Each round checks one piece of work: verifiers who know nothing of one another redo it, and the contract compares the digests.")),
    cards.length ? el("ul", { class: "cards" }, cards) : el("p", { class: "quiet" }, "No round has been opened yet."),
    page.next ? el("p", {}, el("a", { href: `#/?cursor=${encodeURIComponent(page.next)}` }, "Older rounds")) : null];
}

async function round(query, hash) {
  const found = await get(`/v1/rounds/${hash}`);
  const parts = title(`Round ${short(found.requestHash)}`, el("p", {}, verdict(found), " ",
    el("span", { class: "quiet" }, found.finality === "finalized" ? "final on the chain" : "may still be reorganised")),
    el("p", { class: "lead" }, found.explanation), phases(found));
  for (const level of found.levels) {
    parts.push(el("h2", {}, found.levels.length > 1 ? `What the committee found, level ${level.level}` : "What the committee found"),
      el("figure", {}, distances(level, found.tolerance), el("figcaption", {},
        `A filled dot agrees with the provider, a ring does not. ${level.majority} of ${level.committeeSize} decide. Digests are keyed with randomness drawn after the work was delivered.`)),
      table([["Agent"], ["Distance", "number"], ["Agrees"], ["Paid", "number"], ["Slashed", "number"]], level.seats.map((seat) => [
        el("a", { href: `#/agents/${seat.agentId}` }, `Agent ${seat.agentId}`), seat.distance?.toString(),
        seat.agrees === null ? null : seat.agrees ? "yes" : "no", ether(seat.paid), ether(seat.slashed)])));
  }
  parts.push(el("h2", {}, "What was checked"), facts([
    ["Provider", el("a", { href: `#/agents/${found.agentId}` }, `Agent ${found.agentId}`)],
    ["Profile", `${found.profileName ?? short(found.profileId)} (${found.family}, tolerance ${found.tolerance} bits)`],
    ["Client", el("span", { class: "mono" }, found.client)], ["Fee", ether(found.fee)], ["Provider's bond", ether(found.bond)],
    ["Task", found.task.artifact ? el("a", { href: found.task.artifact }, short(found.task.hash)) : short(found.task.hash)],
    ["Output", found.output.artifact ? el("a", { href: found.output.artifact }, short(found.output.contentHash)) : "sealed, or never published"],
    ["Provider slashed", ether(found.settlement.providerSlashed)]]));
  parts.push(el("h2", {}, "Every step on the chain"), table([["When"], ["What"], ["Transaction"]], found.events.map((event) => [
    when(event.timestamp), event.name, el("code", {}, short(event.txHash))])));
  return parts;
}

async function agents(query) {
  const profiles = (await get("/v1/profiles")).items;
  if (!profiles.length) return title("Agents", el("p", { class: "quiet" }, "No profile is registered yet."));
  const profile = query.get("profile") ?? profiles[0].profileId;
  const role = query.get("role") ?? "provider";
  const options = (list, chosen) => list.map(([value, name]) => el("option", { value, selected: value === chosen ? "" : null }, name));
  const form = el("form", { class: "pick" },
    el("label", {}, "Profile", el("select", { name: "profile" }, options(profiles.map((item) => [item.profileId, item.name ?? short(item.profileId)]), profile))),
    el("label", {}, "Role", el("select", { name: "role" }, options([["provider", "provider"], ["verifier", "verifier"]], role))));
  form.addEventListener("change", () => {
    location.hash = `#/agents?${new URLSearchParams(new FormData(form))}`;
  });
  const board = await get(`/v1/leaderboards?profile=${encodeURIComponent(profile)}&role=${role}&limit=100`);
  const all = await get("/v1/agents?limit=200");
  return [...title("Agents", el("p", { class: "lead" }, "Ranked by the lower bound: what is certain of an agent with 95 % confidence. An agent without evidence has no score.")), form,
    board.items.length ? table([["Rank", "number"], ["Agent"], ["Lower bound", "number"], ["Mean", "number"], ["Upper bound", "number"], ["n", "number"]], board.items.map((item) => [
      item.rank.toString(), el("a", { href: `#/agents/${item.agentId}` }, `Agent ${item.agentId}`),
      percent(item.lowerBound), percent(item.mean), percent(item.upperBound), item.n.toFixed(2)]))
      : el("p", { class: "quiet" }, "Nobody has a known score here yet."),
    el("h2", {}, "All agents"), table([["Agent"], ["Owner"], ["Bonded", "number"], ["Enrolled for"]], all.items.map((agent) => [
      el("a", { href: `#/agents/${agent.agentId}` }, `Agent ${agent.agentId}`), el("code", {}, short(agent.owner)), ether(agent.stake.bonded),
      agent.enrolments.filter((item) => item.leftAt === null).map((item) => item.profileName ?? short(item.profileId)).join(", ")]))];
}

async function agent(query, id) {
  const [found, scores, work, passes] = await Promise.all([get(`/v1/agents/${id}`), get(`/v1/agents/${id}/reputation`), get(`/v1/rounds?agent=${id}&limit=10`), get(`/v1/agents/${id}/capabilities`)]);
  const parts = title(`Agent ${id}`, facts([["Owner", el("span", { class: "mono" }, found.owner ?? "unknown")],
    ["Registered", when(found.registeredAt)], ["Bonded", ether(found.stake.bonded)], ["Locked in rounds", ether(found.stake.locked)]]));
  const known = scores.scores.filter((score) => score.n !== null && score.profileId !== null);
  parts.push(el("h2", {}, "Reputation"));
  if (!known.length) parts.push(el("p", { class: "quiet" }, "No evidence yet, so no score: a new agent gains nothing from being new."));
  for (const score of known) {
    const history = await get(`/v1/agents/${id}/reputation/history?profile=${score.profileId}&role=${score.role}&limit=200`);
    const points = history.items.slice().reverse();
    const label = `${score.profileName ?? short(score.profileId)} as ${score.role}`;
    parts.push(el("figure", {}, points.some((p) => p.mean !== null) ? overTime(points) : null, el("figcaption", {},
      el("strong", {}, label), `: now ${percent(score.mean)}, at least ${percent(score.lowerBound)} with 95 % confidence, from ${score.n.toFixed(2)} observations that fade with time. The band is the interval, the line the mean.`)));
  }
  if (passes.items.length) {
    parts.push(el("h2", {}, "Exams passed"), table([["Profile"], ["Passed"], ["Until"], ["Counts"]], passes.items.map((pass) => [
      pass.profileName ?? short(pass.profileId), when(pass.grantedAt), when(pass.until), pass.valid ? "yes" : "no"])));
  }
  parts.push(el("h2", {}, "Latest work"), work.items.length ? el("ul", {}, work.items.map((item) => el("li", {},
    el("a", { href: `#/rounds/${item.requestHash}` }, short(item.requestHash)), " ", verdict(item), ` ${item.explanation}`)))
    : el("p", { class: "quiet" }, "This agent has delivered nothing that was checked."));
  return parts;
}

function marks(sitting) {
  if (sitting.passed === null) return sitting.refundedAt === null ? "not opened" : "fee given back";
  return `${sitting.passed ? "passed" : "failed"}, ${sitting.marks.reduce((sum, mark) => sum + mark, 0)} right (${sitting.marks.join(", ")})`;
}

async function exams(query) {
  const page = await get(`/v1/exams?limit=25${query.get("cursor") ? `&cursor=${encodeURIComponent(query.get("cursor"))}` : ""}`);
  return [...title("Exams", el("p", { class: "lead" }, "Answers and keys are sealed before either is opened, and the contract counts. A profile may ask for a pass before it lets an agent judge.")),
    page.items.length ? table([["Exam"], ["Profile"], ["Stage"], ["Until"], ["Candidates", "number"], ["Graded", "number"], ["Fee", "number"]], page.items.map((exam) => [
      el("a", { href: `#/exams/${exam.examId}` }, `Exam ${exam.examId}`), exam.profileName ?? short(exam.profileId), exam.stage,
      when(exam.stageEndsAt), exam.candidates.toString(), exam.graded.toString(), ether(exam.fee)]))
      : el("p", { class: "quiet" }, "No exam has been announced yet."),
    page.next ? el("p", {}, el("a", { href: `#/exams?cursor=${encodeURIComponent(page.next)}` }, "Older exams")) : null];
}

async function exam(query, id) {
  const found = await get(`/v1/exams/${id}`);
  const link = (agentId) => el("a", { href: `#/agents/${agentId}` }, `Agent ${agentId}`);
  const parts = title(`Exam ${id}`, facts([["Profile", found.profileName ?? short(found.profileId)], ["Stage", found.stage], ["Until", when(found.stageEndsAt)],
    ["To pass", found.mark === null ? null : `${found.mark} of ${found.itemsPerSection * found.sections} answers, ${found.sectionMark} of ${found.itemsPerSection} in each section`],
    ["Fee", ether(found.fee)]]),
  el("h2", {}, "Sections"), table([["Section", "number"], ["Examiner"], ["Tasks"], ["Key"]], found.papers.map((paper) => [
    paper.section.toString(), link(paper.agentId), el("code", {}, short(paper.itemsRoot)),
    found.slashedSections.includes(paper.section) ? "slashed" : paper.digests ? `open since ${when(paper.openedAt)}` : "sealed"])),
  el("h2", {}, "Candidates"), found.sittings.length ? table([["Agent"], ["Handed in"], ["Result"]], found.sittings.map((sitting) => [
    link(sitting.agentId), when(sitting.satAt), marks(sitting)])) : el("p", { class: "quiet" }, "Nobody has sat it."));
  if (found.doubts.length) {
    parts.push(el("h2", {}, "Doubts"), table([["Item"], ["What"], ["Round"], ["Outcome"]], found.doubts.map((doubt) => [
      `${doubt.index} of section ${doubt.section}`, doubt.kind, doubt.requestHash ? el("a", { href: `#/rounds/${doubt.requestHash}` }, short(doubt.requestHash)) : null,
      doubt.upheldAt !== null ? "the key is right" : found.stage === "void" ? "the exam is void" : "open"])));
  }
  return parts;
}

async function network() {
  const [found, profiles, now] = await Promise.all([get("/v1/network"), get("/v1/profiles"), get("/status")]);
  const block = found.block;
  return [...title("Network"), facts([["Chain", found.chainId.toString()], ["Block", `${block.number}, ${when(block.timestamp)}`],
    ["Final up to block", block.finalizedNumber.toString()], ["Behind the chain", `${found.lagBlocks ?? "unknown"} blocks`],
    ["Evidence fades by half in", `${(found.reputationPolicy.halfLifeSeconds / 86400).toFixed(1)} days`]]),
  el("h2", {}, "This server"), facts([["Answers", now.reason ?? "worth asking for"], ["Now", now.index.trouble],
    ["Compared with the contracts", `${now.index.comparisons} times since it started, ${now.index.differences.length || "no"} differences now`],
    ["Reorganisations followed", now.index.rollbacks.toString()], ["Writes the index", now.index.leads ? "this replica" : "another replica"],
    ...now.nodes.map((node) => [node.used ? "Reads from" : "Could read from", `${node.node}, ${node.failures} requests failed`])]
    .filter(([, value]) => value !== null)),
  el("h2", {}, "Profiles"), table([["Name"], ["Family"], ["Tolerance", "number"], ["Committee", "number"], ["Fee", "number"], ["Stake", "number"]], profiles.items.map((item) => [
    item.name ?? short(item.profileId), item.family, `${item.tolerance} bits`, `${item.majority} of ${item.committeeSize}`, ether(item.fee), ether(item.minStake)])),
  el("h2", {}, "Contracts"), facts(Object.entries(found.contracts).map(([name, address]) => [name, el("span", { class: "mono" }, address)]))];
}

// ------------------------------------------------------------------ which page, and when again

const PAGES = [[/^\/?$/, rounds, "rounds"], [/^\/rounds\/(0x[0-9a-f]{64})$/, round, "rounds"], [/^\/agents$/, agents, "agents"],
  [/^\/agents\/([0-9]+)$/, agent, "agents"], [/^\/exams$/, exams, "exams"], [/^\/exams\/([0-9]+)$/, exam, "exams"],
  [/^\/network$/, network, "network"], ...sourcePages(get, title)];

async function show(moved) {
  const turn = ++shown;
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const [, page, name] = PAGES.find(([pattern]) => pattern.test(path)) ?? [null, null, ""];
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  let parts;
  try {
    parts = page ? await page(new URLSearchParams(query), ...path.match(PAGES.find(([, p]) => p === page)[0]).slice(1))
      : title("Not found", el("p", {}, "There is no such page."));
  } catch (error) {
    parts = title("Not to be had", el("p", {}, error instanceof Refused ? error.message : "The server does not answer."));
  }
  if (turn !== shown) return;
  const held = document.activeElement?.getAttribute?.("href");
  const chosen = document.activeElement?.name;
  main.replaceChildren(...parts.filter((part) => part !== null));
  reachable(main);
  if (moved) { main.focus(); window.scrollTo(0, 0); return; }
  const again = [...main.querySelectorAll("a, select")].find((item) => (held && item.getAttribute("href") === held) || (chosen && item.name === chosen));
  again?.focus({ preventScroll: true });
}

async function look() {
  const answer = await fetch("/ready").then((got) => got.json()).catch(() => null);
  const text = answer === null ? "The server does not answer." : answer.error ? answer.error.message : `Block ${answer.indexedBlock}, up to date`;
  if (health.textContent !== text) health.textContent = text;
  health.classList.toggle("bad", !answer?.ready);
}

let due = null;
function soon() {
  due ??= setTimeout(() => { due = null; show(false); look(); }, 700);
}

window.addEventListener("resize", () => reachable(main));
window.addEventListener("hashchange", () => show(true));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // The address says which page is shown.
  main.focus();
});
const source = new EventSource("/v1/events/stream");
source.addEventListener("chain", soon);
source.addEventListener("reorg", soon);
setInterval(look, 5000);
look();
show(false);
