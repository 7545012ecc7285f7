import { type Server, TOKEN } from "../serve/server.ts";

/** Deno's fetch, for a server on whatever socket; dispose of it when all is asked. */
export interface Fetch extends Disposable {
  readonly url: string;
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/** A fetch that reaches a server, with the token where one is needed. */
export function fetchFor(server: Server): Fetch {
  const { where } = server;
  const client = "path" in where
    ? Deno.createHttpClient({ proxy: { transport: "unix", path: where.path } })
    : undefined;
  return {
    url: `http://${server.host}/graphql`,
    fetch(input, init = {}) {
      const headers = new Headers(init.headers);
      if (!client) headers.set("authorization", `Bearer ${TOKEN}`);
      return fetch(input, { ...init, headers, ...(client ? { client } : {}) });
    },
    [Symbol.dispose]: () => client?.close(),
  };
}
