import { ponder } from "ponder:registry";
import { agents, evidence, ownerships } from "ponder:schema";

const place = (event: any, agentId: bigint) => ({
  block: event.block.number,
  logIndex: event.log.logIndex,
  blockHash: event.block.hash,
  transaction: event.transaction.hash,
  agentId,
  timestamp: event.block.timestamp,
});

ponder.on("Registry:Transfer", async ({ event, context }) => {
  const { tokenId, to } = event.args;
  await context.db.insert(agents).values({ id: tokenId, owner: to }).onConflictDoUpdate({ owner: to });
  await context.db.insert(ownerships).values({ ...place(event, tokenId), owner: to });
});

ponder.on("Ledger:EvidenceRecorded", async ({ event, context }) => {
  await context.db.insert(evidence).values({ ...place(event, event.args.agentId), ...event.args });
});
