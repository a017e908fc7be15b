// The JavaScript SDK (`binance` on npm): its WebsocketClient with `wsUrl`, so that the code path is its own.
//
//   node _peer_js_sdk.cjs DIRECTORY installed
//   node _peer_js_sdk.cjs DIRECTORY message|formattedMessage URL FRAMES CAPACITY BLOCKS...
//
// DIRECTORY has the node_modules, or is empty. Prints one JSON line for each number of blocks, as the Python peers do.
// `message` brings prices as text, which Number() reads; `formattedMessage` is the SDK's option `beautify`.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");

const [directory, mode, url, frames, capacity, ...blocks] = process.argv.slice(2);
const from = directory === "" ? require : createRequire(path.join(path.resolve(directory), "index.js"));
const { WebsocketClient } = from("binance");
const VALUES = 4;
const WORD = (1n << 64n) - 1n;
const silent = { trace() {}, info() {}, error: (...what) => console.error(...what) };

// Rows of the fields of our records; update ids are far below 2^53, so that a double holds them.
class Rows {
  constructor(capacity, wanted, full) {
    this.mask = capacity - 1;
    this.ids = new Float64Array(capacity);
    this.received = new Float64Array(capacity);
    this.symbols = new Uint32Array(capacity);
    this.values = new Float64Array(capacity * VALUES);
    this.numbers = new Map([["ETHUSDT", 0]]);
    this.count = 0;
    this.wanted = wanted;
    this.full = full;
  }

  store(symbol, id, bid, bidQty, ask, askQty) {
    const at = this.count & this.mask;
    this.ids[at] = id;
    this.received[at] = Date.now();
    this.symbols[at] = this.numbers.get(symbol);
    const first = at * VALUES;
    this.values[first] = bid;
    this.values[first + 1] = bidQty;
    this.values[first + 2] = ask;
    this.values[first + 3] = askQty;
    if (++this.count === this.wanted) this.full();
  }

  sums() {
    let ids = 0n;
    let bits = 0n;
    for (const id of this.ids) ids += BigInt(id);
    for (const word of new BigUint64Array(this.values.buffer)) bits += word;
    return { ids: ids & WORD, bits: bits & WORD };
  }
}

function flood(blocks) {
  return new Promise((resolve, reject) => {
    const wsOptions = { rejectUnauthorized: false }; // our own sender on loopback, whose certificate lasts an hour
    const beautify = mode === "formattedMessage";
    const client = new WebsocketClient({ wsUrl: `${url}/${blocks}`, beautify, wsOptions }, silent);
    let begin;
    const rows = new Rows(Number(capacity), blocks * Number(frames), () => {
      const used = process.cpuUsage(begin); // all threads: collector and compiler too
      client.closeAll(true);
      resolve({ rows, cpuNs: (used.user + used.system) * 1000 });
    });
    client.on("open", () => {
      begin = process.cpuUsage();
    });
    client.on("exception", reject);
    if (mode === "message") {
      client.on("message", (d) => rows.store(d.s, d.u, Number(d.b), Number(d.B), Number(d.a), Number(d.A)));
    } else {
      client.on("formattedMessage", (d) => rows.store(d.symbol, d.updateId, d.bidPrice, d.bidQty, d.askPrice, d.askQty));
    }
    client.subscribe(["ethusdt@bookTicker"], "main").catch(reject);
  });
}

async function main() {
  const versions = { node: process.versions.node, binance: from("binance/package.json").version };
  for (const number of blocks.map(Number)) {
    const { rows, cpuNs } = await flood(number);
    const { ids, bits } = rows.sums();
    // Sums have more digits than JSON.stringify keeps.
    const line = `{"messages": ${rows.count}, "cpu_ns": ${cpuNs}, "ids": ${ids}, "bits": ${bits}`;
    console.log(`${line}, "versions": ${JSON.stringify(versions)}}`);
  }
  process.exit(0); // the SDK's timers would keep us
}

if (mode !== "installed") {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
