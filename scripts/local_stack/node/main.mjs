import { serve } from '@hono/node-server';
import { Auth } from './auth.mjs';
import { readConfig } from './config.mjs';
import { connect } from './database.mjs';
import { createGateway } from './gateway.mjs';
import { ApiKeys } from './keys.mjs';
import { Mailbox } from './mailbox.mjs';
import { Storage } from './storage.mjs';
import { Tokens } from './tokens.mjs';

/** How long open requests may take to end once the process was asked to stop. */
const DRAIN_MS = 5000;

async function start() {
  const config = readConfig(process.env);
  const tokens = await Tokens.create(config);
  const mailbox = new Mailbox();
  const connections = [connect(config.authDbUrl), connect(config.storageDbUrl)];
  const [authDb, storageDb] = connections;

  const isReady = async () => {
    try {
      await Promise.all([
        authDb.driver`select 1 from auth.users limit 0`,
        storageDb.driver`select 1 from storage.objects limit 0`,
      ]);
      return true;
    } catch {
      return false;
    }
  };

  const handle = createGateway({
    config,
    tokens,
    keys: new ApiKeys(config, tokens),
    auth: new Auth(authDb, config, tokens, mailbox),
    storage: new Storage(storageDb, config, tokens),
    mailbox,
    isReady,
  });
  // The platform's own Request and Response, so that `instanceof` means what it says.
  const options = { hostname: '127.0.0.1', port: config.port, overrideGlobalObjects: false };
  const server = serve({ fetch: handle, ...options }, ({ port }) => {
    console.log(`Auth, Storage and gateway on http://127.0.0.1:${port}`);
  });
  stopOnSignal(server, connections);
}

/** Takes no new requests, lets open ones end, closes the pools. */
function stopOnSignal(server, connections) {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
    await Promise.all(connections.map((connection) => connection.close()));
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

await start();
