// Source reliability: epochs, the evidence behind them, and each source over the epochs.
import { el, ether, facts, overTime, percent, short, table, when } from "/dashboard/draw.js";

const STATES = { open: "open to challenge", final: "final", disputed: "disputed", rolledBack: "rolled back" };
const TAGS = { open: "open", final: "Accepted", disputed: "open", rolledBack: "Rejected" };
const EVIDENCE = { missing: "not on this server", unchecked: "being checked", holds: "holds", false: "does not lead to the root" };
const OUTCOMES = { upheld: "the epoch stands", proven: "proven false, or not answered for", undecided: "no verdict in time" };

const readableFrom = (epoch) => epoch.state === "disputed" ? "once it is settled" : when(epoch.finalAt);
const source = (id) => el("a", { href: `#/sources/${id}` }, `Agent ${id}`);
const epochLink = (number) => el("a", { href: `#/epochs/${number}` }, `Epoch ${number}`);
const tag = (epoch) => el("span", { class: `tag ${TAGS[epoch.state]}` }, STATES[epoch.state]);

function evidence(epoch) {
  const { state, artifact } = epoch.bundle;
  return artifact ? el("a", { href: artifact }, `Evidence of epoch ${epoch.epoch}: ${EVIDENCE[state]}`) : EVIDENCE[state];
}

function scores(items) {
  return table([["Source"], ["Domain"], ["Lower bound", "number"], ["Mean", "number"], ["Upper bound", "number"], ["n", "number"], ["Last evidence"]], items.map((item) => [
    source(item.agentId), el("code", {}, short(item.domain)), percent(item.lowerBound), percent(item.mean), percent(item.upperBound),
    item.n.toFixed(2), when(item.lastUpdate)]));
}

const older = (page, path) => page.next ? el("p", {}, el("a", { href: `#/${path}?cursor=${encodeURIComponent(page.next)}` }, "Older epochs")) : null;
const after = (query) => query.get("cursor") ? `&cursor=${encodeURIComponent(query.get("cursor"))}` : "";

// Each page gets what the dashboard has: how to ask, and how a page begins.
export function sourcePages(get, title) {
  async function sources(query) {
    const [page, now] = await Promise.all([get(`/v1/epochs?limit=25${after(query)}`), get("/v1/sources?limit=200")]);
    const parts = title("Sources", el("p", { class: "lead" }, "What answers were made from, and how much it helped. Whoever asked signs it; an epoch anchors all of it by one root, and anybody may have it computed again."));
    if (page.anchor === null) return [...parts, el("p", { class: "quiet" }, "This deployment has no anchor, so no source has a score.")];
    parts.push(el("h2", {}, now.epoch ? `Scores of epoch ${now.epoch.epoch}` : "Scores"));
    parts.push(now.items.length ? scores(now.items)
      : el("p", { class: "quiet" }, now.epoch ? "This server has not got its evidence, so no score is shown." : "No epoch can be read yet: each waits until its window to be challenged is over."));
    parts.push(el("h2", {}, "Epochs"));
    parts.push(page.items.length ? table([["Epoch"], ["State"], ["Readable from"], ["Evidence"], ["Scores", "number"], ["Challenges", "number"]], page.items.map((item) => [
      epochLink(item.epoch), tag(item), readableFrom(item), evidence(item), item.bundle.entries?.toString(), item.challenges.length.toString()]))
      : el("p", { class: "quiet" }, "No epoch has been anchored yet."));
    parts.push(older(page, "sources"));
    parts.push(el("h2", {}, "Who reports"), facts([["Reporter", el("a", { href: `#/agents/${page.anchor.agentId}` }, `Agent ${page.anchor.agentId}`)],
      ["Bond", `${ether(page.anchor.bond)}, ${page.anchor.bonded ? "deposited" : "not deposited: nothing can be anchored"}`],
      ["A challenge costs", ether(page.anchor.challengeBond)], ["Window to challenge", `${page.anchor.window} seconds`]]));
    return parts;
  }

  async function epoch(query, number) {
    const [found, page] = await Promise.all([get(`/v1/epochs/${number}`), get(`/v1/sources?epoch=${number}&limit=200`)]);
    const bundle = found.bundle;
    const parts = title(`Epoch ${number}`, el("p", {}, tag(found), " ",
      el("span", { class: "quiet" }, found.finality === "finalized" ? "final on the chain" : "may still be reorganised")),
    facts([["Anchored", when(found.publishedAt)], ["Readable from", readableFrom(found)], ["Rolled back", found.rolledBackAt === null ? null : when(found.rolledBackAt)],
      ["Root", el("span", { class: "mono" }, found.root)], ["Evidence", evidence(found)], ["Why not", bundle.problem],
      ["Signed evidence", bundle.items?.toString()],
      ["Evidence fades by half in", bundle.rules ? `${(bundle.rules.halfLifeSeconds / 86400).toFixed(1)} days` : null],
      ["Packed words", found.wordsAppliedAt === null ? null : `stored ${when(found.wordsAppliedAt)}`]].filter(([, value]) => value)),
    el("h2", {}, "Scores"), page.items.length ? scores(page.items)
      : el("p", { class: "quiet" }, found.state === "rolledBack" ? "An epoch that was rolled back has none." : "Without evidence that holds there are none to show."));
    if (found.challenges.length) {
      parts.push(el("h2", {}, "Challenges"), table([["When"], ["By"], ["Round"], ["Outcome"]], found.challenges.map((item) => [
        when(item.challengedAt), el("code", {}, short(item.challenger)),
        item.requestHash ? el("a", { href: `#/rounds/${item.requestHash}` }, short(item.requestHash)) : "not answered yet",
        item.outcome === null ? "open" : OUTCOMES[item.outcome]])));
    }
    return parts;
  }

  async function oneSource(query, id) {
    const found = await get(`/v1/sources/${id}`);
    const parts = title(`Source ${id}`, el("p", {}, el("a", { href: `#/agents/${id}` }, `Agent ${id}`), " as a source of answers."));
    if (!found.domains.length) parts.push(el("p", { class: "quiet" }, "No evidence yet, so no score."));
    for (const domain of found.domains) {
      const history = await get(`/v1/sources/${id}/history?domain=${domain}&limit=200`);
      const points = history.items.slice().reverse().map((point) => ({ ...point, timestamp: point.endedAt }));
      const score = found.scores.find((item) => item.domain === domain);
      const now = !score ? "No score in the newest epoch that can be read."
        : score.mean === null ? `Too little evidence for a score: ${score.n.toFixed(2)} observations.`
        : `Now ${percent(score.mean)}, at least ${percent(score.lowerBound)} with 95 % confidence, from ${score.n.toFixed(2)} observations.`;
      parts.push(el("h2", {}, "Domain ", el("code", {}, short(domain))),
        el("figure", {}, points.some((p) => p.mean !== null) ? overTime(points) : null, el("figcaption", {},
          now, points.some((p) => p.mean !== null) ? " A step an epoch; the band is the interval, the line the mean." : null)),
        table([["Epoch"], ["State"], ["Lower bound", "number"], ["Mean", "number"], ["n", "number"], ["Proof"]], history.items.map((point) => [
          epochLink(point.epoch), tag(point), percent(point.lowerBound), percent(point.mean), point.n === null ? null : point.n.toFixed(2),
          point.n === null ? null : el("a", { href: `/v1/sources/${id}?epoch=${point.epoch}&domain=${domain}` }, `Proof in epoch ${point.epoch}`)])));
    }
    return parts;
  }

  return [[/^\/sources$/, sources, "sources"], [/^\/sources\/([0-9]+)$/, oneSource, "sources"], [/^\/epochs\/([0-9]+)$/, epoch, "sources"]];
}
