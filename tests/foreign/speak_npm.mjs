// okx-api and gateio-api against a server at a given address: calls in, answers out. Knows nothing of acctcfg.
//
// Stdin: {"base": URL, "modules": FOLDER, "calls": [[name, key, client, method, arguments], ...]} with
// key = [api key, secret, passphrase]; client is "okx" or "gate". Stdout: one JSON object, name -> the client's answer.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(`${asked.modules}/package.json`);
const okx = require("okx-api");
const gate = require("gateio-api");

function clientOf(kind, [apiKey, apiSecret, apiPass]) {
  if (kind === "okx") {
    return new okx.RestClient({ apiKey, apiSecret, apiPass, baseUrl: asked.base, demoTrading: true });
  }
  return new gate.RestClient({ apiKey, apiSecret, baseUrl: `${asked.base}/api/v4` });
}

const seen = {};
for (const [name, key, kind, method, args] of asked.calls) {
  const client = clientOf(kind, key);
  try {
    seen[name] = await client[method](...args);
  } catch (error) {
    seen[name] = { raised: true, said: error?.body ?? error?.response?.data ?? error };
  }
}
console.log(JSON.stringify(seen));
