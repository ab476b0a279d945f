// Makes calls through a marketplace's own client. The only argument is the folder with the packages. In: a line of JSON,
// {"client", "options", "calls": [[method, argument, …], …]}. Out: a line with one answer for each call, or {"error"}.
"use strict";

const load = require("node:module").createRequire(`${process.argv[2]}/`);

const makers = {
  async woocommerce({ tls, ...options }) {
    const Client = load("@woocommerce/woocommerce-rest-api").default;
    const client = new Client(options);
    client.isHttps = tls; // as if TLS ended in front of the address
    return async (method, ...words) => {
      try {
        const { status, headers, data } = await client[method](...words);
        return { status, headers, data };
      } catch (error) {
        if (!error.response) throw error;
        const { status, data } = error.response;
        return { status, data };
      }
    };
  },
  async shopify({ url, ...options }) {
    const { createAdminApiClient } = load("@shopify/admin-api-client");
    const toLoopback = (address, request) => fetch(address.replace(/^https:\/\/[^/]+/, url), request);
    const client = createAdminApiClient({ ...options, customFetchApi: toLoopback });
    return (method, ...words) => client[method](...words);
  },
};

async function answer({ client, options, calls }) {
  const call = await makers[client](options);
  const answers = [];
  for (const words of calls) answers.push(await call(...words));
  return answers;
}

async function main() {
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    const answers = await answer(JSON.parse(line)).catch((error) => ({ error: error.stack }));
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
}

main();
