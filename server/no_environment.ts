/**
 * Imported before graphql-yoga, which looks at NODE_ENV and DEBUG: this program may not read the environment by Deno's
 * own API, and nothing in it shall change what the server tells.
 */
import process from "node:process";

Object.defineProperty(process, "env", { value: {}, configurable: true });
