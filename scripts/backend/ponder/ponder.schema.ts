import { index, onchainTable, primaryKey } from "ponder";

export const agents = onchainTable("agents", (t) => ({
  id: t.bigint().primaryKey(),
  owner: t.hex().notNull(),
}));

const event = (t: any) => ({
  block: t.bigint().notNull(),
  logIndex: t.integer().notNull(),
  blockHash: t.hex().notNull(),
  transaction: t.hex().notNull(),
  agentId: t.bigint().notNull(),
  timestamp: t.bigint().notNull(),
});

export const ownerships = onchainTable(
  "ownerships",
  (t) => ({ ...event(t), owner: t.hex().notNull() }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.logIndex] }),
    agent: index().on(table.agentId, table.block),
  }),
);

export const evidence = onchainTable(
  "evidence",
  (t) => ({
    ...event(t),
    domain: t.hex().notNull(),
    owner: t.hex().notNull(),
    alphaAdded: t.bigint().notNull(),
    betaAdded: t.bigint().notNull(),
    alpha: t.bigint().notNull(),
    beta: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.block, table.logIndex] }),
    latest: index().on(table.agentId, table.domain, table.block),
  }),
);
