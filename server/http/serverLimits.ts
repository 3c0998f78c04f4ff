import type { ServerOptions } from 'node:http'

/** What a connection may take of the server: 20 s for its headers, 16 KiB of them, 5 min for a whole request (an upload), 65 s idle. */
export const serverLimits: ServerOptions = {
  requestTimeout: 300_000,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16_384,
  keepAliveTimeout: 65_000,
}
