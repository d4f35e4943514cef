import { createConfig } from "ponder";
import { parseAbi } from "viem";

const word = (name: string) => process.env[name] as `0x${string}`;
const place = { chain: "local", startBlock: Number(word("BENCH_FIRST")) } as const;

export default createConfig({
  chains: { local: { id: Number(word("BENCH_CHAIN")), rpc: word("BENCH_RPC") } },
  contracts: {
    Registry: {
      ...place,
      address: word("BENCH_REGISTRY"),
      abi: parseAbi([
        "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
      ]),
    },
    Ledger: {
      ...place,
      address: word("BENCH_LEDGER"),
      abi: parseAbi([
        "event EvidenceRecorded(uint256 indexed agentId, bytes32 indexed domain, address indexed owner, uint64 alphaAdded, uint64 betaAdded, uint64 alpha, uint64 beta)",
      ]),
    },
  },
});
