// The JavaScript SDK (`binance` on npm) places, queries and cancels an order, as its own examples do: nothing of it is
// changed but `wsUrl`.
//
//   node orders_js_sdk.cjs DIRECTORY             succeeds where the SDK is installed
//   node orders_js_sdk.cjs DIRECTORY SCENE       prints one JSON line: what it was answered
//
// DIRECTORY has the node_modules, or is empty. SCENE is JSON: url, product, api_key, secret (a file), logs_on, symbol,
// price, quantity.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const [directory, scene] = process.argv.slice(2);
const from = directory === "" ? require : createRequire(path.join(path.resolve(directory), "index.js"));
const { WebsocketAPIClient } = from("binance");

const UNKNOWN_ORDER = 999_999_999_999;

function callsOf(client, product) {
  if (product === "spot") {
    return {
      place: (order) => client.submitNewSpotOrder(order),
      query: (which) => client.getSpotOrderStatus(which),
      cancel: (which) => client.cancelSpotOrder(which),
    };
  }
  return {
    place: (order) => client.submitNewFuturesOrder(product, order),
    query: (which) => client.getFuturesOrderStatus(product, which),
    cancel: (which) => client.cancelFuturesOrder(product, which),
  };
}

async function main({ url, product, api_key, secret, logs_on, symbol, price, quantity }) {
  const options = {
    api_key,
    api_secret: fs.readFileSync(secret, "utf8"),
    wsUrl: url,
    attachEventListeners: false, // they write to the console
    muteLatencyWarning: true,
  };
  if (!logs_on) Object.assign(options, { authPrivateConnectionsOnConnect: false, authPrivateRequestsIndividually: true });
  const quiet = { trace() {}, info() {}, error: (...what) => console.error(...what) };
  const client = new WebsocketAPIClient(options, quiet);
  let hasLoggedOn = false;
  client.getWSClient().on("authenticated", () => (hasLoggedOn = true));
  client.getWSClient().on("exception", () => {}); // whoever called is told as well
  const { place, query, cancel } = callsOf(client, product);

  const order = { symbol, side: "BUY", type: "LIMIT", timeInForce: "GTC", price, quantity, newOrderRespType: "RESULT" };
  const placed = (await place({ ...order, timestamp: Date.now() })).result;
  const which = { symbol, orderId: placed.orderId };
  const queried = (await query({ ...which, timestamp: Date.now() })).result;
  const canceled = (await cancel({ ...which, timestamp: Date.now() })).result;
  const after = (await query({ ...which, timestamp: Date.now() })).result;
  const refused = await query({ symbol, orderId: UNKNOWN_ORDER, timestamp: Date.now() }).then(
    () => null,
    (answer) => answer.error.code,
  );
  console.log(JSON.stringify({ placed, queried, canceled, after, refused, logged_on: hasLoggedOn }));
  process.exit(0); // the SDK's timers would keep us
}

if (scene !== undefined) {
  main(JSON.parse(scene)).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
