// The JavaScript SDK (`binance` on npm) places orders: its WebsocketAPIClient with `wsUrl`, otherwise unchanged.
//
//   node _order_js_sdk.cjs DIRECTORY installed
//   node _order_js_sdk.cjs DIRECTORY URL MODE KEYS DEPTH WARM COUNT
//
// DIRECTORY has the node_modules, or is empty. Prints one JSON line, as the Python clients do (_order_common.py).
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const [directory, url, mode, keys, depth, warm, count] = process.argv.slice(2);
const from = directory === "" ? require : createRequire(path.join(path.resolve(directory), "index.js"));
const { WebsocketAPIClient } = from("binance");
const silent = { trace() {}, info() {}, error: (...what) => console.error(...what) };
const SECRETS = { logon: "ed25519.pem", hmac: "hmac.txt", ed25519: "ed25519.pem", rsa: "rsa.pem" };
const ORDER = { symbol: "BTCUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", price: "25000.01", quantity: "0.00100000" };

// The SDK makes the client order id, and shows the request beside its answer.
async function one(client) {
  const answer = await client.submitNewSpotOrder({ ...ORDER, timestamp: Date.now() });
  const { orderId, clientOrderId } = answer.result;
  if (clientOrderId !== answer.request.params.newClientOrderId) {
    throw new Error(`the answer for ${clientOrderId} came to ${answer.request.params.newClientOrderId}`);
  }
  return orderId;
}

async function placeAll(client, depth, count) {
  let ids = 0;
  for (let placed = 0; placed < count; placed += depth) {
    const batch = Array.from({ length: Math.min(depth, count - placed) }, () => one(client));
    for (const id of await Promise.all(batch)) ids += id;
  }
  return ids;
}

async function main() {
  const options = {
    api_key: mode,
    api_secret: fs.readFileSync(path.join(keys, SECRETS[mode]), "utf8"),
    wsUrl: url,
    attachEventListeners: false, // they write to the console
    muteLatencyWarning: true,
  };
  if (mode === "ed25519") Object.assign(options, { authPrivateConnectionsOnConnect: false, authPrivateRequestsIndividually: true });
  const client = new WebsocketAPIClient(options, silent);
  await placeAll(client, Number(depth), Number(warm));
  const began = process.hrtime.bigint();
  const before = process.cpuUsage();
  const ids = await placeAll(client, Number(depth), Number(count));
  const used = process.cpuUsage(before); // all threads: collector and compiler too
  const wall = Number(process.hrtime.bigint() - began);
  const versions = { node: process.versions.node, binance: from("binance/package.json").version };
  const cpu = (used.user + used.system) * 1000;
  console.log(JSON.stringify({ orders: Number(count), cpu_ns: cpu, wall_ns: wall, ids, versions }));
  process.exit(0); // the SDK's timers would keep us
}

if (url !== "installed") {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
