import assert from "node:assert/strict";
import type { RequestHead } from "../../server/http/message.ts";
import { COOKIE, Login } from "../../server/login.ts";

function head(headers: Record<string, string>): RequestHead {
  return { method: "GET", target: "/", version: "1.1", headers: new Map(Object.entries(headers)), keepAlive: true };
}

/** Runs a test with a clock of its own. */
function withClock(test: (advance: (ms: number) => void) => void): void {
  const real = performance.now.bind(performance);
  let ahead = 0;
  performance.now = () => real() + ahead;
  try {
    test((ms) => ahead += ms);
  } finally {
    performance.now = real;
  }
}

Deno.test("Login.redeem takes a code for 60 s", () => {
  withClock((advance) => {
    const login = new Login(null);
    const code = login.newCode();
    advance(59_000);
    assert.notEqual(login.redeem(code), null);
    const late = login.newCode();
    advance(60_001);
    assert.equal(login.redeem(late), null);
  });
});

Deno.test("Login.newCode makes the one before worthless", () => {
  const login = new Login(null);
  const first = login.newCode(), second = login.newCode();
  assert.notEqual(first, second);
  assert.equal(login.redeem(first), null);
  assert.notEqual(login.redeem(second), null);
});

Deno.test("Login.knows a session for twelve hours", () => {
  withClock((advance) => {
    const login = new Login(null);
    const cookie = `${COOKIE}=${login.redeem(login.newCode())}`;
    advance(12 * 3600 * 1000 - 1000);
    assert.ok(login.knows(head({ cookie })));
    advance(2000);
    assert.ok(!login.knows(head({ cookie })));
  });
});

Deno.test("Login.knows nobody by a token where there is none", () => {
  const login = new Login(null);
  for (const authorization of ["Bearer ", "Bearer null", "Bearer undefined", "Bearer x"]) {
    assert.ok(!login.knows(head({ authorization })));
  }
});
