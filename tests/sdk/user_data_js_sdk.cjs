// The JavaScript SDK (`binance` on npm) hears what becomes of an order, as its own examples do: nothing of it is changed
// but `wsUrl` and `baseUrl`.
//
//   node user_data_js_sdk.cjs DIRECTORY             succeeds where the SDK is installed
//   node user_data_js_sdk.cjs DIRECTORY SCENE       prints one JSON line: the events, as they came
//
// DIRECTORY has the node_modules, or is empty. SCENE is JSON: api_url, stream_url, rest_url, product, api_key, secret (a
// file), logs_on, symbol, price, quantity.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const [directory, scene] = process.argv.slice(2);
const from = directory === "" ? require : createRequire(path.join(path.resolve(directory), "index.js"));
const { WebsocketAPIClient, WebsocketClient } = from("binance");

const isLast = (event) => event.X === "CANCELED" || event.o?.X === "CANCELED";

async function main({ api_url, stream_url, rest_url, product, api_key, secret, logs_on, symbol, price, quantity }) {
  const quiet = { trace() {}, info() {}, error: (...what) => console.error(...what) };
  const options = { api_key, api_secret: fs.readFileSync(secret, "utf8"), attachEventListeners: false, muteLatencyWarning: true };
  if (!logs_on) Object.assign(options, { authPrivateConnectionsOnConnect: false, authPrivateRequestsIndividually: true });
  const api = new WebsocketAPIClient({ ...options, wsUrl: api_url }, quiet);
  const streams =
    product === "spot"
      ? api.getWSClient()
      : new WebsocketClient({ ...options, wsUrl: stream_url, restOptions: { baseUrl: rest_url } }, quiet);

  const events = [];
  const heardAll = new Promise((resolve) => {
    streams.on("message", (message) => {
      // Spot's are in `event`, those of a combined socket in `data`.
      const event = message.event ?? message.data ?? message;
      if (event.e === undefined) return;
      events.push(event);
      if (isLast(event)) resolve();
    });
  });
  streams.on("exception", (error) => console.error(error));

  if (product === "spot") await api.subscribeUserDataStream("mainWSAPI");
  else if (product === "usdm") await streams.subscribeUsdFuturesUserDataStream();
  else await streams.subscribeCoinFuturesUserDataStream();

  const order = { symbol, side: "BUY", type: "LIMIT", timeInForce: "GTC", price, quantity, newOrderRespType: "RESULT" };
  const isSpot = product === "spot";
  const timed = (what) => ({ ...what, timestamp: Date.now() });
  const placed = await (isSpot ? api.submitNewSpotOrder(timed(order)) : api.submitNewFuturesOrder(product, timed(order)));
  const which = { symbol, orderId: placed.result.orderId };
  await (isSpot ? api.cancelSpotOrder(timed(which)) : api.cancelFuturesOrder(product, timed(which)));
  await heardAll;
  console.log(JSON.stringify({ order_id: which.orderId, events }));
  process.exit(0); // the SDK's timers would keep us
}

if (scene !== undefined) {
  main(JSON.parse(scene)).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
