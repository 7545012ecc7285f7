import assert from "node:assert/strict";
import { Sys } from "../../../ffi/sys.ts";
import { Host } from "../../../host/host.ts";
import { configFiles, libcriu } from "../../../rpc/installation.ts";
import { fakeLibc, type FakeMachine } from "../fake_libc.ts";

const files = (machine: FakeMachine) => configFiles(new Sys(fakeLibc(machine), []));
const library = (machine: FakeMachine) => {
  const sys = new Sys(fakeLibc(machine), []);
  return libcriu(sys, new Host(sys));
};

Deno.test("configuration files that are there are told, in the order in which criu reads them", () => {
  const found = files({
    environment: { HOME: "/root", CRIU_CONFIG_FILE: "/srv/criu.conf" },
    files: {
      "/etc/criu/default.conf": "# all\ntcp-established # sockets\n\n",
      "/root/.criu/default.conf": "log-level 4",
      "/srv/criu.conf": "",
      "/etc/criu/runc.conf": "!EACCES",
    },
  });
  assert.deepEqual(found.map(({ path, options }) => [path, options]), [
    ["/etc/criu/default.conf", ["tcp-established"]],
    ["/root/.criu/default.conf", ["log-level 4"]],
    ["/srv/criu.conf", []],
    ["/etc/criu/runc.conf", null],
  ]);
});

Deno.test("no configuration file is none", () => assert.deepEqual(files({}), []));

Deno.test("libcriu.so.2 is found by the loader's cache, and in its folders", () => {
  assert.equal(library({}), null);
  assert.equal(
    library({ files: { "/usr/lib/x86_64-linux-gnu/libcriu.so.2": "" } }),
    "/usr/lib/x86_64-linux-gnu/libcriu.so.2",
  );
  const cache = "glibc-ld.so.cache1.1\0\0libcriu.so.2\0/opt/criu/lib/libcriu.so.2\0libcriu.so.1\0/opt/libcriu.so.1\0";
  assert.equal(library({ files: { "/etc/ld.so.cache": cache } }), null, "in the cache, and gone since");
  assert.equal(
    library({ files: { "/etc/ld.so.cache": cache, "/opt/criu/lib/libcriu.so.2": "" } }),
    "/opt/criu/lib/libcriu.so.2",
  );
});
